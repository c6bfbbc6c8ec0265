# Writes a C++ source with the named files as text: std::vector<StarterFile> starter_files().
set(body "#include \"reeve/starter.h\"\n\nnamespace reeve::app {\n\n")
string(APPEND body "std::vector<StarterFile> starter_governance() {\n  return {\n")
foreach(file ${FILES})
  file(READ ${SOURCE_DIR}/${file} content)
  string(APPEND body "      {\"${file}\", R\"reeve_file(${content})reeve_file\"},\n")
endforeach()
string(APPEND body "  };\n}\n\n}  // namespace reeve::app\n")
file(WRITE ${OUTPUT} "${body}")
