// What the local model sees of an issue: words, form fields and the shape of the text, counted and hashed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace groomer::model::local {

struct Document {
    std::string repo, title, body;
};

enum class Kind : std::uint8_t { title, body, code, field, shape };
inline constexpr std::size_t kind_count = 5;

// Marks in front of a token that stands for a part of a title: letters inside a word, its first words, its last one.
inline constexpr char letters_mark = '*', first_mark = '^', last_mark = '$';

// Gives every token, repeated as often as it occurs. Takes any bytes; reads 16 KiB of the body, so time is bounded.
using TokenSink = std::function<void(Kind, std::string_view)>;
void read_tokens(Document const& document, TokenSink const& sink);

// A token's key: its kind in the upper three bits, a hash in the others.
using Key = std::uint32_t;
Key key_of(Kind kind, std::string_view token);
// The key of the copy that only this repository uses.
Key copy_of(Key key, std::string_view repo);
constexpr std::size_t kind_index(Key key) { return key >> 29; }

struct Feature {
    Key key;
    float value;  // 1 + log(occurrences)
};
using Features = std::vector<Feature>;  // by key, each once
Features count_features(Document const& document);

}  // namespace groomer::model::local
