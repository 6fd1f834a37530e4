#include "api/webhook.hpp"

#include "api/body.hpp"
#include "base/digest.hpp"
#include "base/text.hpp"

#include <boost/json/object.hpp>

#include <algorithm>
#include <array>

namespace groomer::api {
namespace {

using boost::json::object;

constexpr std::string_view scheme = "sha256=";

template <std::size_t N>
bool is_one_of(std::string_view text, std::array<std::string_view, N> const& words) {
    return std::find(words.begin(), words.end(), text) != words.end();
}

// What groomer looks at, or what changes whether it may look at all. Who is assigned, pinned or locked is nothing to it.
constexpr std::array<std::string_view, 8> of_interest{"opened",  "edited",    "closed",  "reopened",
                                                      "labeled", "unlabeled", "deleted", "transferred"};
// After these an issue is in the lists that was not, or the other way round.
constexpr std::array<std::string_view, 5> come_and_go{"opened", "closed", "reopened", "deleted", "transferred"};

object const* object_in(object const& from, std::string_view key) {
    auto const* value = from.if_contains(key);
    return value ? value->if_object() : nullptr;
}

// "" where it is none, and where a name cannot be: names go into statements, and control characters are in none.
std::string text_in(object const* from, std::string_view key) {
    auto const* value = from ? from->if_contains(key) : nullptr;
    auto const* text = value ? value->if_string() : nullptr;
    constexpr std::size_t longest = 300;
    bool const usable = text && text->size() <= longest &&
                        std::none_of(text->begin(), text->end(), [](char c) { return static_cast<unsigned char>(c) < ' '; });
    return usable ? std::string{*text} : std::string{};
}

std::int64_t number_in(object const* from, std::string_view key) {
    auto const* value = from ? from->if_contains(key) : nullptr;
    return value && value->is_int64() && value->get_int64() > 0 ? value->get_int64() : 0;
}

// The owner of `repo`, and the name that it had.
std::string former_name(object const& payload, std::string_view repo) {
    auto const* changes = object_in(payload, "changes");
    auto const* repository = changes ? object_in(*changes, "repository") : nullptr;
    auto const* name = repository ? object_in(*repository, "name") : nullptr;
    auto const from = text_in(name, "from");
    auto const slash = repo.find('/');
    return from.empty() || slash == std::string_view::npos ? std::string{} : std::string{repo.substr(0, slash + 1)} + from;
}

Understood unusable(std::string sentence) { return {std::nullopt, std::move(sentence)}; }

Understood of_issue(Event event, object const& payload, std::string_view kind, std::string_view action) {
    auto const* issue = object_in(payload, "issue");
    if (!issue) return unusable("The payload has no issue.");
    if (issue->contains("pull_request")) return {};
    event.issue = number_in(issue, "number");
    if (event.issue == 0 || event.repo.empty()) return unusable("The payload names no issue of a repository.");
    if (kind == "issue_comment") return {std::move(event), ""};
    if (!is_one_of(action, of_interest)) return {};
    event.sync = is_one_of(action, come_and_go);
    return {std::move(event), ""};
}

}  // namespace

bool is_signed(std::string_view header, std::string_view body, std::string_view secrets) {
    if (!header.starts_with(scheme)) return false;
    auto const given = header.substr(scheme.size());
    bool good = false;
    while (!secrets.empty()) {
        auto const end = secrets.find('\n');
        auto secret = secrets.substr(0, end);
        secrets.remove_prefix(end == std::string_view::npos ? secrets.size() : end + 1);
        if (secret.ends_with('\r')) secret.remove_suffix(1);
        if (secret.empty()) continue;
        bool const same = equal_secrets(given, hmac_sha256_hex(secret, body));
        good = good || same;
    }
    return good;
}

Understood understand(std::string_view kind, std::string_view body) {
    constexpr std::array<std::string_view, 6> known{"issues",     "issue_comment", "label",
                                                    "repository", "installation",  "installation_repositories"};
    if (!is_one_of(kind, known)) return {};
    auto const parsed = parse_body(body);
    if (auto const* wrong = std::get_if<std::string>(&parsed)) return unusable(*wrong);
    auto const* payload = &std::get<object>(parsed);
    auto const action = text_in(payload, "action");
    auto const* repository = object_in(*payload, "repository");
    auto const* sender = object_in(*payload, "sender");
    Event event;
    event.repo = text_in(repository, "full_name");
    event.sender = text_in(sender, "login");
    event.sender_id = number_in(sender, "id");
    if (kind == "issues" || kind == "issue_comment") return of_issue(std::move(event), *payload, kind, action);
    event.sync = true;
    if (kind == "repository") event.former = former_name(*payload, event.repo);
    bool const of_one = kind == "label" || kind == "repository";
    if (of_one && event.repo.empty()) return unusable("The payload names no repository.");
    if (!of_one) event.repo.clear();
    return {std::move(event), ""};
}

}  // namespace groomer::api
