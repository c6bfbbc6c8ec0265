#include "policy/cel/ast.h"

namespace reeve::policy::cel {

Node* Ast::make(NodeKind kind, std::uint32_t offset, std::uint32_t end) {
  Node& node = nodes.emplace_back();
  node.kind = kind;
  node.offset = offset;
  node.end = end;
  node.at = offset;
  return &node;
}

std::string_view Ast::keep(std::string text) { return texts.emplace_back(std::move(text)); }

Position position_of(std::string_view source, std::uint32_t offset) {
  Position position;
  const std::string_view before = source.substr(0, offset);
  for (const char c : before) {
    if (c == '\n') {
      ++position.line;
      position.column = 1;
    } else if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) {  // the first byte of a character
      ++position.column;
    }
  }
  return position;
}

}  // namespace reeve::policy::cel
