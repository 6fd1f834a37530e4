// Finds where each element of a list of JSON values begins and ends, in a stream of any size: one array, or several one
// after another as `gh api --paginate` writes them. It knows strings, escapes and brackets; what stands inside an
// element is for a parser to judge.
#pragma once

#include "base/error.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace groomer::tracker {

inline constexpr std::size_t max_depth = 64;  // brackets inside brackets, the element's own included

struct Element {
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
    std::uint64_t line = 0;    // of its first byte, from 1
    std::uint64_t column = 0;  // in bytes, from 1
    bool too_deep = false;
};

// An object stands where a list was expected: most often GitHub's own error message.
class NotAList : public Error {
public:
    NotAList(std::string const& sentence, std::uint64_t offset) : Error{ErrorCode::failure, sentence}, offset_{offset} {}
    [[nodiscard]] std::uint64_t offset() const { return offset_; }

private:
    std::uint64_t offset_;
};

class Scanner {
public:
    using OnElement = std::function<void(Element const&)>;

    // name: what the messages call the input.
    explicit Scanner(std::string name) : name_{std::move(name)} {}

    // Calls on_element for every element that ends in this chunk. Throws Error "NAME:LINE:COLUMN: why".
    void feed(std::string_view chunk, OnElement const& on_element);
    // Throws unless the input may end here.
    void finish() const;

private:
    enum class State { outside, first, next, after, nested, text, scalar };

    void step(char c, OnElement const& on_element);
    std::size_t skip_inside(std::string_view chunk, std::size_t at);
    [[nodiscard]] bool is_byte_order_mark(char c) const;
    void begin(char c);
    void end(std::uint64_t offset, OnElement const& on_element);
    void open(bool object);
    void close(bool object);
    [[noreturn]] void fail(std::string const& why) const;
    [[nodiscard]] std::string where() const;

    std::string name_;
    State state_ = State::outside;
    bool any_page_ = false;
    bool escaped_ = false;      // the last byte was a backslash in a string
    std::uint64_t offset_ = 0;  // of the byte looked at
    std::uint64_t line_ = 1;
    std::uint64_t line_start_ = 0;
    Element element_;
    std::size_t depth_ = 0;
    std::uint64_t objects_ = 0;  // bit n: the bracket at depth n is an object's
};

}  // namespace groomer::tracker
