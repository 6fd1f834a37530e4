#include "tracker/file/labelled_copy.hpp"

#include "base/digest.hpp"
#include "base/error.hpp"
#include "tracker/issue_json.hpp"
#include "tracker/scanner.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>
#include <system_error>

namespace groomer::tracker::file {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

constexpr std::size_t chunk_size = 256 * 1024;
constexpr std::string_view blanks = " \t\r\n";

std::size_t after_string(std::string_view text, std::size_t at) {
    for (++at; text[at] != '"'; ++at)
        if (text[at] == '\\') ++at;
    return at + 1;
}

// Where the value at `at` ends: before the comma or bracket that follows it, blanks left out.
std::size_t after_value(std::string_view text, std::size_t at) {
    std::size_t depth = 0;
    for (std::size_t i = at; i < text.size();) {
        char const c = text[i];
        if (depth == 0 && (c == ',' || c == '}' || c == ']' || blanks.find(c) != std::string_view::npos)) return i;
        if (c == '{' || c == '[') ++depth;
        if (c == '}' || c == ']') --depth;
        i = c == '"' ? after_string(text, i) : i + 1;
        if (depth == 0 && (c == '"' || c == '}' || c == ']')) return i;
    }
    return text.size();
}

// The bytes of a member's value in a valid object: of the last one, as parsers have it; nothing if there is none.
std::optional<std::string_view> member(std::string_view object, std::string_view wanted) {
    std::optional<std::string_view> found;
    auto at = object.find('{') + 1;
    for (at = object.find_first_not_of(blanks, at); object[at] == '"'; at = object.find_first_not_of(blanks, at + 1)) {
        auto const key_end = after_string(object, at);
        auto const key = parse_element(object.substr(at, key_end - at));
        auto const begin = object.find_first_not_of(blanks, object.find(':', key_end) + 1);
        auto const end = after_value(object, begin);
        if (key.as_string() == json::string_view{wanted.data(), wanted.size()}) found = object.substr(begin, end - begin);
        at = object.find_first_not_of(blanks, end);
        if (object[at] != ',') break;
    }
    return found;
}

// The bytes of each element of a valid array.
std::vector<std::string_view> elements(std::string_view array) {
    std::vector<std::string_view> found;
    Scanner scanner{"labels"};
    scanner.feed(array, [&](Element const& e) { found.push_back(array.substr(e.offset, e.length)); });
    return found;
}

std::string quoted(std::string const& text) { return json::serialize(json::string{text.data(), text.size()}); }

std::string relabelled_array(std::string_view array, std::vector<std::string> const& labels) {
    auto const old = elements(array);
    std::set<std::string> written;
    std::vector<std::string> parts;
    bool const as_strings = !old.empty() && std::all_of(old.begin(), old.end(), [](auto label) { return label.front() == '"'; });
    for (auto const label : old) {
        auto const name = label_name(parse_element(label));
        bool const stays = name.empty() || std::find(labels.begin(), labels.end(), name) != labels.end();
        if (stays && (name.empty() || written.insert(name).second)) parts.emplace_back(label);
    }
    for (auto const& label : labels)
        if (written.insert(label).second) parts.push_back(as_strings ? quoted(label) : "{\"name\":" + quoted(label) + "}");
    // The blanks around the first and the last element are kept, so that an indented export stays indented.
    auto const lead = old.empty() ? std::string_view{} : array.substr(1, array.find_first_not_of(blanks, 1) - 1);
    auto const trail = old.empty() ? std::string_view{} : array.substr(array.find_last_not_of(blanks, array.size() - 2) + 1);
    std::string out = "[";
    for (std::size_t i = 0; i < parts.size(); ++i) out.append(i == 0 ? "" : ",").append(lead).append(parts[i]);
    return out.append(parts.empty() || trail.empty() ? "]" : trail);
}

// A temporary file's name is the destination's, hidden, with a random part.
std::string temporary_prefix(std::filesystem::path const& destination) { return "." + destination.filename().string() + "."; }

void remove_leftovers(std::filesystem::path const& destination) {
    auto const prefix = temporary_prefix(destination);
    auto const folder = destination.has_parent_path() ? destination.parent_path() : std::filesystem::path{"."};
    std::error_code ignored;
    for (auto const& entry : std::filesystem::directory_iterator{folder, ignored}) {
        auto const name = entry.path().filename().string();
        if (!name.starts_with(prefix) || !name.ends_with(".tmp")) continue;
        // A writer that lives holds the lock.
        auto left = File::open_if_there(entry.path().string(), O_RDWR);
        if (left && left->lock(0ms)) std::filesystem::remove(entry.path(), ignored);
    }
}

File create_temporary(std::filesystem::path const& destination, unsigned mode) {
    auto const name = temporary_prefix(destination) + make_uuid() + ".tmp";
    auto file = File::open((destination.parent_path() / name).string(), O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (!file.lock(0ms)) throw Error{ErrorCode::failure, file.path() + ": was taken for a leftover of a crash; try again"};
    file.set_mode(mode | 0600U);
    return file;
}

void copy(File const& from, std::uint64_t begin, std::uint64_t end, File& out, std::string& buffer) {
    while (begin < end) {
        from.read(begin, std::min<std::uint64_t>(chunk_size, end - begin), buffer);
        if (buffer.empty()) throw Error{ErrorCode::failure, from.path() + ": became shorter while it was copied"};
        out.write(buffer);
        begin += buffer.size();
    }
}

}  // namespace

std::string relabel(std::string_view element, std::vector<std::string> const& labels) {
    auto const old = member(element, "labels");
    std::string out{element};
    if (!old) return out.insert(element.rfind('}'), ",\"labels\":" + relabelled_array("[]", labels));
    auto const at = static_cast<std::size_t>(old->data() - element.data());
    return out.replace(at, old->size(), relabelled_array(old->front() == '[' ? *old : "[]", labels));
}

TemporaryFile::TemporaryFile(std::string destination, unsigned mode)
    : destination_{std::move(destination)}, file_{(remove_leftovers(destination_), create_temporary(destination_, mode))} {}

TemporaryFile::~TemporaryFile() {
    if (!kept_) ::unlink(file_.path().c_str());
}

void TemporaryFile::become_destination() {
    rename_file(file_.path(), destination_);
    kept_ = true;
    sync_folder_of(destination_);
}

void write_labelled_copy(Snapshot const& source, ChangesOf const& changes_of, File& out) {
    std::string buffer;
    std::uint64_t copied = 0;
    for (auto const& entry : source.index->entries) {
        auto const changes = changes_of(source.index->ref(entry));
        if (changes.empty()) continue;
        auto const element = source.element(entry);
        auto const before = source.issue(entry).labels;
        auto const after = merge(before, changes);
        if (after == before) continue;
        copy(source.file, copied, entry.offset, out, buffer);
        out.write(relabel(element, after));
        copied = entry.offset + entry.length;
    }
    copy(source.file, copied, source.index->fingerprint.size, out, buffer);
}

}  // namespace groomer::tracker::file
