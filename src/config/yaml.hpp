// A YAML file as a tree that remembers where everything stands: one document, keys compared, aliases bounded. Nothing
// is converted here (yaml-cpp reads 010 as 8 and yes as true): scalars stay the text that was written.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace groomer::config {

// Both count from 1; a line of 0 is nowhere. A column counts bytes until character_column() has seen it.
struct Mark {
    std::size_t line = 0, column = 0;
};

struct YamlNode;
using YamlPtr = std::shared_ptr<YamlNode const>;

struct YamlEntry {
    std::string key;
    Mark mark;
    YamlPtr value;
};

struct YamlNode {
    enum class Kind { null, scalar, list, map };
    Kind kind = Kind::null;
    Mark mark;
    std::string text;     // of a scalar
    bool quoted = false;  // it was written in quotes, or as a block
    std::vector<YamlPtr> items;
    std::vector<YamlEntry> entries;
    std::size_t size = 1;  // nodes below and with it, each alias counted as often as it is used
};

struct YamlError {
    Mark mark;
    std::string sentence;
};

struct YamlDocument {
    YamlPtr root;  // null where the text cannot be read at all; an empty text is a null node
    std::vector<YamlError> errors;
};

YamlDocument parse_yaml(std::string const& text);

// The column as an editor shows it, in characters instead of bytes.
std::size_t character_column(std::string_view text, Mark mark);

}  // namespace groomer::config
