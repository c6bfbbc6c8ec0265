# The Debian package: tools/package.sh builds it. What it holds besides the program lies in packaging/.
set(packaging ${PROJECT_SOURCE_DIR}/packaging)

foreach(page reeve.1 reeve.yaml.5)
  set(compressed ${PROJECT_BINARY_DIR}/man/${page}.gz)
  add_custom_command(OUTPUT ${compressed}
                     COMMAND ${CMAKE_COMMAND} -E make_directory ${PROJECT_BINARY_DIR}/man
                     COMMAND gzip -9nc ${packaging}/man/${page} > ${compressed}
                     DEPENDS ${packaging}/man/${page} VERBATIM)
  list(APPEND pages ${compressed})
  string(REGEX REPLACE ".*\\." "man" section ${page})
  install(FILES ${compressed} DESTINATION share/man/${section})
endforeach()
add_custom_target(man_pages ALL DEPENDS ${pages})

install(FILES ${packaging}/completion/reeve.bash DESTINATION share/bash-completion/completions RENAME reeve)
install(FILES ${packaging}/completion/reeve.zsh DESTINATION share/zsh/vendor-completions RENAME _reeve)
install(FILES ${packaging}/completion/reeve.fish DESTINATION share/fish/vendor_completions.d)
install(FILES ${packaging}/debian/copyright DESTINATION share/doc/reeve)
install(FILES ${packaging}/reeve.service DESTINATION /lib/systemd/system)
install(FILES ${packaging}/reeve.yaml ${packaging}/environment DESTINATION /etc/reeve)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/governance/ DESTINATION /etc/reeve/governance)

# dpkg asks before it replaces one of these when both sides have changed it.
file(GLOB_RECURSE governance CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/governance/*)
set(conffiles "/etc/reeve/reeve.yaml\n/etc/reeve/environment\n")
foreach(file ${governance})
  string(APPEND conffiles "/etc/reeve/${file}\n")
endforeach()
file(WRITE ${PROJECT_BINARY_DIR}/debian/conffiles "${conffiles}")

set(CPACK_GENERATOR DEB)
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGE_NAME reeve)
set(CPACK_PACKAGE_CONTACT "The Reeve authors <reeve@example.com>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGE_DESCRIPTION
    "Stands between developers, with the coding agents they use, and the models those\n"
    "agents call: ties every call to a verified person, decides by rules, prices it,\n"
    "and writes it to a tamper-evident ledger before it leaves.")
string(CONCAT CPACK_PACKAGE_DESCRIPTION ${CPACK_PACKAGE_DESCRIPTION})
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser, ca-certificates, init-system-helpers, tzdata")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
    ${packaging}/debian/postinst ${packaging}/debian/prerm ${packaging}/debian/postrm
    ${PROJECT_BINARY_DIR}/debian/conffiles)
include(CPack)
