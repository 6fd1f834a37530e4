// The table of keys as the tree that a file has: what the reference and the schema walk.
#pragma once

#include "config/keys.hpp"

#include <string>
#include <vector>

namespace groomer::config {

struct KeyTree {
    std::string name;          // of this level: "lock"; "repositories[]" and "*" as in the table
    Key const* key = nullptr;  // of a leaf
    std::vector<KeyTree> children;
};

KeyTree key_tree();

}  // namespace groomer::config
