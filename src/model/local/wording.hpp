// What an issue says in its own words: those of its title and body, without what the repository's forms say in every issue.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

namespace groomer::model::local {

// Lines that many issues share (headings of forms, checkboxes, "_No response_") and what titles begin with ("[Bug]:", "feat:").
// Learned from the issues: every repository has its own.
class Boilerplate {
public:
    using Texts = std::function<std::string_view(std::size_t)>;

    Boilerplate() = default;
    // From `issues` issues, or so many of them, evenly chosen, that time and memory are bounded.
    Boilerplate(std::size_t issues, Texts const& title, Texts const& body);

    [[nodiscard]] bool has_line(std::string_view line) const;
    [[nodiscard]] std::string_view without_prefixes(std::string_view title) const;
    [[nodiscard]] std::size_t bytes() const { return (lines_.capacity() + prefixes_.capacity()) * sizeof(std::uint64_t); }

private:
    std::vector<std::uint64_t> lines_, prefixes_;  // hashes, ascending
};

struct Word {
    std::uint32_t key;  // a hash
    float count;        // a title's count more
};
using Words = std::vector<Word>;

// Words in small letters without the ending of a plural or a tense, and the parts of a name: AbfsClient is abfsclient, abfs and client.
// Of scripts that write no spaces, every pair of neighbouring characters. Takes any bytes; reads 16 KiB of the body.
Words read_words(std::string_view title, std::string_view body, Boilerplate const& boilerplate);   // as they come
Words count_words(std::string_view title, std::string_view body, Boilerplate const& boilerplate);  // by key, each once

}  // namespace groomer::model::local
