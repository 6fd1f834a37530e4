#include "tracker/issue_json.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "tracker/scanner.hpp"

#include <boost/json/stream_parser.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <optional>
#include <unordered_set>
#include <utility>

namespace groomer::tracker {
namespace {

namespace json = boost::json;

json::value const* find(json::object const& object, std::string_view key) {
    auto const* value = object.if_contains(key);
    return value && !value->is_null() ? value : nullptr;
}

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

bool is_name(std::string_view text) {
    auto const allowed = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' || c == '.';
    };
    return !text.empty() && text != "." && text != ".." && std::all_of(text.begin(), text.end(), allowed);
}

// "https://api.github.com/repos/OWNER/NAME" → "OWNER/NAME"
std::optional<std::string> repository_of(std::string_view url) {
    constexpr std::string_view marker = "/repos/";
    auto const at = url.rfind(marker);
    if (at == std::string_view::npos) return std::nullopt;
    auto const repo = url.substr(at + marker.size());
    auto const slash = repo.find('/');
    if (slash == std::string_view::npos || !is_name(repo.substr(0, slash)) || !is_name(repo.substr(slash + 1))) return std::nullopt;
    return std::string{repo};
}

std::optional<std::int64_t> issue_number(json::object const& object) {
    constexpr std::int64_t largest = std::int64_t{1} << 53;
    auto const* value = find(object, "number");
    auto const* number = value ? value->if_int64() : nullptr;
    return number && *number >= 1 && *number <= largest ? std::optional{*number} : std::nullopt;
}

std::optional<std::string_view> unusable_part(json::object const& object) {
    auto const* title = find(object, "title");
    if (!title || !title->is_string()) return "no title";
    if (is_blank(text_of(object, "title"))) return "an empty title";
    auto const* labels = find(object, "labels");
    if (labels && !labels->is_array()) return "'labels' is no list";
    auto const* state = find(object, "state");
    if (state && *state != "open" && *state != "closed") return "'state' is neither open nor closed";
    return std::nullopt;
}

int digits(std::string_view text, std::size_t at, std::size_t count) {
    int value = -1;
    auto const part = text.substr(std::min(at, text.size()), count);
    auto const [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
    return error == std::errc{} && end == part.data() + count && part.front() != '-' ? value : -1;
}

// What a database would take for a time: 2024-02-29T08:15:00Z, with a fraction or an offset where given.
bool is_time(std::string_view text) {
    if (text.size() < 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':') return false;
    int const year = digits(text, 0, 4), month = digits(text, 5, 2), day = digits(text, 8, 2);
    if (year < 1 || month < 1 || day < 1) return false;
    using namespace std::chrono;
    if (!year_month_day{std::chrono::year{year}, std::chrono::month(unsigned(month)), std::chrono::day(unsigned(day))}.ok()) return false;
    auto const below = [&](std::size_t at, int limit) { return digits(text, at, 2) >= 0 && digits(text, at, 2) < limit; };
    if (!below(11, 24) || !below(14, 60) || !below(17, 60)) return false;
    auto rest = text.substr(19);
    if (rest.front() == '.') rest.remove_prefix(std::min(rest.find_first_not_of("0123456789", 1), rest.size()));
    if (rest == "Z") return true;
    if (rest.size() != 6 || (rest[0] != '+' && rest[0] != '-') || rest[3] != ':') return false;
    return digits(rest, 1, 2) >= 0 && digits(rest, 1, 2) <= 14 && digits(rest, 4, 2) >= 0 && digits(rest, 4, 2) < 60;
}

std::string time_of(json::object const& object, std::string_view key) {
    auto text = text_of(object, key);
    return is_time(text) ? text : std::string{};
}

bool is_inside_string(std::string_view json, std::size_t at) {
    bool inside = false;
    for (std::size_t i = 0; i < at && i < json.size(); ++i) {
        if (json[i] == '"') inside = !inside;
        else if (inside && json[i] == '\\') ++i;
    }
    return inside;
}

}  // namespace

json::value parse_element(std::string_view element) {
    json::parse_options options;
    options.max_depth = max_depth;
    options.allow_invalid_utf8 = true;
    json::error_code error;
    json::stream_parser parser{{}, options};
    auto const read = parser.write_some(element.data(), element.size(), error);
    if (!error) parser.finish(error);
    if (!error && read < element.size()) error = json::error::extra_data;
    if (!error) return parser.release();
    auto const sentence = "invalid JSON (" + error.message() + ")";
    bool const grammar = error == json::error::syntax || error == json::error::extra_data || error == json::error::incomplete ||
                         error == json::error::expected_hex_digit;
    // Two that exporters do write, and that are the fault of one text alone.
    bool const in_text = is_inside_string(element, read);
    if (in_text && read < element.size() && static_cast<unsigned char>(element[read]) < 0x20)
        throw Error{ErrorCode::failure, "invalid JSON (a raw control character)"};
    if (in_text && read >= 6 && to_lower(element.substr(read - 6, 3)) == "\\ud")
        throw Error{ErrorCode::failure, "invalid JSON (half a surrogate pair)"};
    if (grammar) throw BrokenJson{sentence, read};
    throw Error{ErrorCode::failure, sentence};
}

Identity identify(json::value const& element, std::string_view entry_name) {
    auto const* object = element.if_object();
    if (!object) return Unusable{"not an object"};
    if (find(*object, "pull_request")) return PullRequest{};
    auto const number = issue_number(*object);
    if (!number) return Unusable{"no issue number"};
    if (auto why = unusable_part(*object)) return Unusable{std::string{*why}};
    auto const* url = find(*object, "repository_url");
    if (!url) return IssueRef{std::string{entry_name}, *number};
    auto const* text = url->if_string();
    auto repo = text ? repository_of({text->data(), text->size()}) : std::nullopt;
    if (!repo || repo->size() > longest_repo) return Unusable{"'repository_url' names no repository"};
    return IssueRef{std::move(*repo), *number};
}

Issue to_issue(json::object const& element, IssueRef ref) {
    Issue issue;
    issue.ref = std::move(ref);
    issue.title = text_of(element, "title");
    issue.body = text_of(element, "body");
    auto const* state = find(element, "state");
    issue.open = !state || *state == "open";
    auto const* locked = find(element, "locked");
    issue.locked = locked && *locked == true;
    auto const* assignees = find(element, "assignees");
    issue.assigned = (assignees && assignees->is_array() && !assignees->get_array().empty()) || object_of(element, "milestone");
    if (auto const* person = object_of(element, "user")) {
        issue.author = text_of(*person, "login");
        issue.author_is_bot = text_of(*person, "type") == "Bot" || issue.author.ends_with("[bot]");
    }
    auto const* labels = find(element, "labels");
    if (labels && labels->is_array()) issue.labels = label_names(labels->get_array());
    issue.created_at = time_of(element, "created_at");
    issue.updated_at = time_of(element, "updated_at");
    return issue;
}

std::string text_of(json::object const& object, std::string_view key) {
    auto const* value = find(object, key);
    auto const* text = value ? value->if_string() : nullptr;
    return text ? clean_text({text->data(), text->size()}) : std::string{};
}

json::object const* object_of(json::object const& object, std::string_view key) {
    auto const* value = find(object, key);
    return value ? value->if_object() : nullptr;
}

std::vector<std::string> label_names(json::array const& labels) {
    std::vector<std::string> names;
    std::unordered_set<std::string> seen;  // somebody may send ten thousand
    for (auto const& label : labels) {
        auto name = label_name(label);
        if (!name.empty() && name.size() <= longest_label && seen.insert(name).second) names.push_back(std::move(name));
    }
    return names;
}

std::string label_name(json::value const& label) {
    if (auto const* object = label.if_object()) return text_of(*object, "name");
    auto const* text = label.if_string();
    return text ? clean_text({text->data(), text->size()}) : std::string{};
}

}  // namespace groomer::tracker
