#include "config/yaml.hpp"

#include "base/text.hpp"
#include "config/value.hpp"

#include <yaml-cpp/emitterstyle.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <sstream>

namespace groomer::config {
namespace {

// An alias is one node in the file and a whole tree where it is used: without a bound ten lines make 10^9 nodes.
constexpr std::size_t most_nodes = 100'000;
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

struct Refused {
    YamlError error;
};

Mark place_of(YAML::Mark const& mark) {
    if (mark.is_null()) return {};
    return {static_cast<std::size_t>(mark.line) + 1, static_cast<std::size_t>(mark.column) + 1};
}

class TreeBuilder final : public YAML::EventHandler {
public:
    explicit TreeBuilder(std::vector<YamlError>& errors) : errors_{errors} {}

    [[nodiscard]] YamlPtr root() const { return root_; }

    void OnDocumentStart(YAML::Mark const&) override {}
    void OnDocumentEnd() override {}

    void OnNull(YAML::Mark const& mark, YAML::anchor_t anchor) override {
        auto node = make(YamlNode::Kind::null, mark, "", anchor);
        finish(node, node->mark);
    }

    void OnScalar(YAML::Mark const& mark, std::string const& tag, YAML::anchor_t anchor, std::string const& text) override {
        auto node = make(YamlNode::Kind::scalar, mark, tag, anchor);
        node->text = text;
        node->quoted = tag == "!";
        if (clean_text(text) != text) errors_.push_back({node->mark, "a value has a control character in it"});
        finish(node, node->mark);
    }

    void OnAlias(YAML::Mark const& mark, YAML::anchor_t anchor) override {
        auto const& node = anchors_[anchor];
        auto const open = [&](Frame const& frame) { return frame.node == node; };
        if (std::any_of(stack_.begin(), stack_.end(), open)) throw Refused{{place_of(mark), "an alias stands inside its own anchor"}};
        finish(node, place_of(mark));
    }

    void OnSequenceStart(YAML::Mark const& mark, std::string const& tag, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
        stack_.push_back({make(YamlNode::Kind::list, mark, tag, anchor), {}, {}, {}});
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(YAML::Mark const& mark, std::string const& tag, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
        stack_.push_back({make(YamlNode::Kind::map, mark, tag, anchor), {}, {}, {}});
    }
    void OnMapEnd() override { close(); }

private:
    using Building = std::shared_ptr<YamlNode>;
    struct Frame {
        Building node;
        YamlPtr key;  // of a map: read, and still without its value
        Mark key_mark;
        std::map<std::string, Mark> seen;
    };

    Building make(YamlNode::Kind kind, YAML::Mark const& mark, std::string const& tag, YAML::anchor_t anchor) {
        auto node = std::make_shared<YamlNode>();
        node->kind = kind;
        node->mark = place_of(mark);
        // yaml-cpp says "?" for a node without a tag and "!" for text in quotes.
        if (!tag.empty() && tag != "?" && tag != "!") errors_.push_back({node->mark, "a tag (!) has no meaning here"});
        if (anchor != YAML::NullAnchor) anchors_[anchor] = node;
        return node;
    }

    void close() {
        auto node = stack_.back().node;
        stack_.pop_back();
        finish(node, node->mark);
    }

    void finish(YamlPtr const& node, Mark mark) {
        if (stack_.empty()) {
            root_ = node;
            return;
        }
        Frame& parent = stack_.back();
        parent.node->size += node->size;
        if (parent.node->size > most_nodes)
            throw Refused{{mark, "with its aliases written out the file has more than " + std::to_string(most_nodes) + " nodes"}};
        if (parent.node->kind == YamlNode::Kind::list) {
            parent.node->items.push_back(node);
        } else if (!parent.key) {
            if (node->kind != YamlNode::Kind::scalar) throw Refused{{mark, "a key must be text"}};
            auto const [first, fresh] = parent.seen.emplace(node->text, mark);
            if (!fresh) repeated(node->text, mark, first->second);
            if (node->text == "<<") errors_.push_back({mark, "merge keys (<<) are not supported: use an alias for a whole value"});
            parent.key = node;
            parent.key_mark = mark;
        } else {
            // Nothing stands nowhere: yaml-cpp gives it the place of what comes next.
            auto const value = node->kind == YamlNode::Kind::null ? nothing(parent.key_mark) : node;
            parent.node->entries.push_back({parent.key->text, parent.key_mark, value});
            parent.key.reset();
        }
    }

    static YamlPtr nothing(Mark mark) {
        auto node = std::make_shared<YamlNode>();
        node->mark = mark;
        return node;
    }

    void repeated(std::string const& key, Mark mark, Mark first) {
        errors_.push_back({mark, "the key " + show(key) + " is written twice; the first is on line " + std::to_string(first.line)});
    }

    std::vector<YamlError>& errors_;
    std::vector<Frame> stack_;
    std::map<YAML::anchor_t, Building> anchors_;
    YamlPtr root_ = nothing({1, 1});
};

// The first byte that is no part of valid UTF-8, or a control character.
bool is_clean(std::string const& text, std::vector<YamlError>& errors) {
    auto const clean = clean_text(text);
    if (clean == text) return true;
    auto const bad = std::mismatch(text.begin(), text.end(), clean.begin(), clean.end()).first;
    auto const line_start = std::find(std::make_reverse_iterator(bad), text.rend(), '\n').base();
    Mark const mark{static_cast<std::size_t>(std::count(text.begin(), bad, '\n')) + 1, static_cast<std::size_t>(bad - line_start) + 1};
    errors.push_back({mark, "the file has a byte here that is not text (a control character or invalid UTF-8)"});
    return false;
}

}  // namespace

YamlDocument parse_yaml(std::string const& text) {
    YamlDocument document;
    if (!is_clean(text, document.errors)) return document;
    TreeBuilder tree{document.errors};
    try {
        std::istringstream in{text};
        YAML::Parser parser{in};
        parser.HandleNextDocument(tree);
        auto const first = tree.root();
        if (parser.HandleNextDocument(tree)) {
            auto const second = tree.root();
            throw Refused{{second == first ? Mark{} : second->mark, "the file has more than one document (---)"}};
        }
        document.root = first;
    } catch (Refused const& refused) {
        document.errors.push_back(refused.error);
    } catch (YAML::Exception const& error) {
        document.errors.push_back({place_of(error.mark), "this is not YAML: " + clean_text(error.msg)});
    }
    return document;
}

std::size_t character_column(std::string_view text, Mark mark) {
    for (std::size_t line = 1; line < mark.line; ++line) {
        auto const end = text.find('\n');
        if (end == std::string_view::npos) return mark.column;
        text.remove_prefix(end + 1);
    }
    if (mark.line == 1 && text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
    auto const before = text.substr(0, mark.column - 1);
    return count_characters(before) + 1;
}

}  // namespace groomer::config
