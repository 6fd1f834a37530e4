#include "tracker/file/cursor.hpp"

#include <sstream>

namespace groomer::tracker::file {
namespace {

constexpr std::string_view layout = "file1";

}  // namespace

std::string to_string(Cursor const& cursor) {
    std::ostringstream out;
    auto const& print = cursor.fingerprint;
    out << layout << ' ' << print.device << ' ' << print.inode << ' ' << print.size << ' ' << print.modified_ns << ' ' << cursor.hash << ' '
        << cursor.next << ' ' << cursor.finished;
    return out.str();
}

std::optional<Cursor> parse_cursor(std::string_view text) {
    Cursor cursor;
    std::istringstream in{std::string{text}};
    std::string first;
    auto& print = cursor.fingerprint;
    in >> first >> print.device >> print.inode >> print.size >> print.modified_ns >> cursor.hash >> cursor.next >> cursor.finished;
    if (!in || first != layout || in.peek() != std::istringstream::traits_type::eof()) return std::nullopt;
    return cursor;
}

}  // namespace groomer::tracker::file
