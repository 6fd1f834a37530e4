#include "tracker/scanner.hpp"

namespace groomer::tracker {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

bool is_scalar(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '+' || c == '.';
}

}  // namespace

void Scanner::feed(std::string_view chunk, OnElement const& on_element) {
    auto const base = offset_;
    for (std::size_t at = 0; at < chunk.size(); ++at) {
        at = skip_inside(chunk, at);
        if (at == chunk.size()) break;
        offset_ = base + at;
        step(chunk[at], on_element);
        if (chunk[at] == '\n') {
            ++line_;
            line_start_ = offset_ + 1;
        }
    }
    offset_ = base + chunk.size();
}

// What some editors put before everything else.
bool Scanner::is_byte_order_mark(char c) const { return offset_ < 3 && c == "\xEF\xBB\xBF"[offset_] && !any_page_; }

// Nearly all of an export is the inside of issues and of their texts: passes over what cannot matter there.
std::size_t Scanner::skip_inside(std::string_view chunk, std::size_t at) {
    if (state_ == State::text && !escaped_) {
        while (at < chunk.size() && chunk[at] != '"' && chunk[at] != '\\' && chunk[at] != '\n') ++at;
    } else if (state_ == State::nested) {
        auto const matters = [](char c) { return c == '"' || c == '{' || c == '}' || c == '[' || c == ']' || c == '\n'; };
        while (at < chunk.size() && !matters(chunk[at])) ++at;
    }
    return at;
}

void Scanner::step(char c, OnElement const& on_element) {
    if (state_ == State::scalar) {
        if (is_scalar(c)) return;
        end(offset_, on_element);
    }
    switch (state_) {
        case State::text:
            if (escaped_) escaped_ = false;
            else if (c == '\\') escaped_ = true;
            else if (c == '"' && depth_ > 0) state_ = State::nested;
            else if (c == '"') end(offset_ + 1, on_element);
            return;
        case State::nested:
            if (c == '"') state_ = State::text;
            else if (c == '{' || c == '[') open(c == '{');
            else if (c == '}' || c == ']') close(c == '}');
            if (depth_ == 0) end(offset_ + 1, on_element);
            return;
        default: break;
    }
    if (is_space(c) || is_byte_order_mark(c)) return;
    if (state_ == State::outside) {
        if (c == '{') throw NotAList{where() + "an object where a list of issues ('[') was expected", offset_};
        if (c != '[') fail("expected a list of issues, '['");
        any_page_ = true;
        state_ = State::first;
    } else if (c == ']' && state_ != State::next) {
        state_ = State::outside;
    } else if (state_ == State::after) {
        if (c != ',') fail("expected ',' or ']' after an issue");
        state_ = State::next;
    } else {
        begin(c);
    }
}

void Scanner::begin(char c) {
    element_ = Element{offset_, 0, line_, offset_ - line_start_ + 1, false};
    if (c == '{' || c == '[') {
        state_ = State::nested;
        open(c == '{');
    } else if (c == '"') {
        state_ = State::text;
    } else if (is_scalar(c)) {
        state_ = State::scalar;
    } else {
        fail("expected an issue");
    }
}

void Scanner::end(std::uint64_t offset, OnElement const& on_element) {
    element_.length = offset - element_.offset;
    state_ = State::after;
    on_element(element_);
}

// Kinds of brackets are remembered only as deep as an element may be used: deeper ones are merely counted.
void Scanner::open(bool object) {
    if (depth_ < max_depth) {
        auto const bit = std::uint64_t{1} << depth_;
        objects_ = object ? objects_ | bit : objects_ & ~bit;
    } else {
        element_.too_deep = true;
    }
    ++depth_;
}

void Scanner::close(bool object) {
    --depth_;
    if (depth_ >= max_depth) return;
    bool const was_object = ((objects_ >> depth_) & 1U) != 0;
    if (was_object != object) fail(was_object ? "']' closes an object that '{' began" : "'}' closes a list that '[' began");
}

void Scanner::finish() const {
    if (state_ == State::outside && any_page_) return;
    if (!any_page_) throw Error{ErrorCode::failure, name_ + ": is empty: a list of issues was expected"};
    fail("the file ends before its list of issues does: was it cut, or is it still being written?");
}

void Scanner::fail(std::string const& why) const { throw Error{ErrorCode::failure, where() + why}; }

std::string Scanner::where() const { return name_ + ":" + std::to_string(line_) + ":" + std::to_string(offset_ - line_start_ + 1) + ": "; }

}  // namespace groomer::tracker
