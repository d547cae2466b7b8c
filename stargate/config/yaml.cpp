// YAML through yaml-cpp's events, which carry the place of each value. Its exceptions end here.
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <sstream>

#include "stargate/config/tree_builder.hpp"

namespace stargate {
namespace {

struct Stop {};  // ends yaml-cpp's parse from inside a callback; caught below

class YamlEvents final : public YAML::EventHandler {
 public:
  explicit YamlEvents(TreeBuilder& tree) : tree_(tree) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuse_anchor(mark, anchor);
    if (tree_.expects_key()) return refuse(mark, "a key must be a plain name");
    keep(tree_.null(at(mark)));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { refuse(mark, "aliases (*name) are not supported"); }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    refuse_anchor(mark, anchor);
    const bool quoted = tag == "!";
    if (tree_.expects_key()) return keep(tree_.key(value, at(mark)));
    if (!quoted && (value == "~" || value == "null" || value.empty())) return keep(tree_.null(at(mark)));
    keep(tree_.scalar(value, quoted, at(mark)));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    refuse_anchor(mark, anchor);
    keep(tree_.begin(NodeKind::sequence, at(mark)));
  }
  void OnSequenceEnd() override { keep(tree_.end()); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    refuse_anchor(mark, anchor);
    keep(tree_.begin(NodeKind::mapping, at(mark)));
  }
  void OnMapEnd() override { keep(tree_.end()); }

  static Location at(const YAML::Mark& mark) { return {mark.line + 1, mark.column + 1}; }

 private:
  void keep(bool going) {
    if (!going) throw Stop{};
  }
  void refuse(const YAML::Mark& mark, const char* message) {
    tree_.fail(at(mark), message, "write the value again");
    throw Stop{};
  }
  void refuse_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor != 0) refuse(mark, "anchors (&name) are not supported");
  }

  TreeBuilder& tree_;
};

}  // namespace

Result<Document> parse_yaml(std::string file, std::string_view text) {
  Document document{std::move(file), split_lines(text), {}};
  if (auto plain = check_text(document, text); !plain) return plain.faults();
  TreeBuilder tree(document);
  YamlEvents events(tree);
  try {
    std::istringstream in{std::string(text)};
    YAML::Parser parser(in);
    if (!parser.HandleNextDocument(events)) return document;  // an empty file is an empty document
    Document rest;
    TreeBuilder rest_tree(rest);
    YamlEvents rest_events(rest_tree);
    if (parser.HandleNextDocument(rest_events)) {
      return document.fault(rest.root.at, {}, "a second document begins here",
                            "one file holds one document: remove '---'");
    }
  } catch (const Stop&) {
    return tree.take_faults();
  } catch (const YAML::Exception& e) {
    return document.fault(YamlEvents::at(e.mark), {}, "is not YAML: " + e.msg, "check the indentation and the quotes");
  }
  return document;
}

}  // namespace stargate
