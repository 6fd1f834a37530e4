#include "config/key_tree.hpp"

namespace groomer::config {

KeyTree key_tree() {
    KeyTree root;
    for (Key const& key : keys()) {
        auto* node = &root;
        for (auto rest = key.path;;) {
            auto const dot = rest.find('.');
            auto const name = rest.substr(0, dot);
            if (node->children.empty() || node->children.back().name != name) node->children.push_back({std::string{name}, nullptr, {}});
            node = &node->children.back();
            if (dot == std::string_view::npos) break;
            rest.remove_prefix(dot + 1);
        }
        node->key = &key;
    }
    return root;
}

}  // namespace groomer::config
