// GET /repos/{owner}/{repo}/issues. Sorted by update and not filtered, any page costs what is on it; all else is a walk over the
// whole repository.
#include "fake_github/call.hpp"

#include "base/text.hpp"
#include "fake_github/jwt.hpp"
#include "fake_github/shapes.hpp"

#include <algorithm>
#include <charconv>

namespace groomer::fake_github {
namespace {

namespace json = boost::json;

struct Wanted {
    std::string sort = "created";
    bool ascending = false;
    std::optional<bool> open = true;  // nothing: all
    Seconds since = 0;
    std::vector<LabelIndex> labels;
    bool impossible = false;  // a label that the repository does not have
    PageAsked page;
    std::optional<UpdateKey> after, before;
};

// One page, and whether there is more at either side.
struct Selection {
    std::vector<Issue const*> issues;
    std::size_t items = 0;
    bool more_before = false, more_after = false;
};

std::optional<UpdateKey> decoded(std::string_view cursor) {
    auto const text = base64url_decoded(cursor);
    auto const colon = text ? text->find(':') : std::string::npos;
    if (colon == std::string::npos) return std::nullopt;
    UpdateKey key;
    auto const* const middle = text->data() + colon;
    auto const* const end = text->data() + text->size();
    if (std::from_chars(text->data(), middle, key.first).ptr != middle) return std::nullopt;
    if (std::from_chars(middle + 1, end, key.second).ptr != end) return std::nullopt;
    constexpr std::int64_t largest = std::int64_t{1} << 53;
    return key.second >= 0 && key.second < largest ? std::optional{key} : std::nullopt;
}

std::string encoded(UpdateKey const& key) { return base64url(std::to_string(key.first) + ":" + std::to_string(key.second)); }

std::optional<Response> read_cursors(Call const& call, Wanted& wanted) {
    for (auto const& [name, into] : {std::pair{"after", &wanted.after}, std::pair{"before", &wanted.before}}) {
        auto const text = call.asked(name);
        if (!text) continue;
        *into = decoded(*text);
        if (!*into) return invalid("Issue", name, "invalid");
    }
    return std::nullopt;
}

std::optional<Response> read_labels(Call const& call, Wanted& wanted) {
    auto const text = call.asked("labels").value_or("");
    for (std::string_view rest = text; !rest.empty();) {
        auto const end = std::min(rest.find(','), rest.size());
        auto const index = find_label(*call.repository, rest.substr(0, end));
        if (index) wanted.labels.push_back(*index);
        else wanted.impossible = true;
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return std::nullopt;
}

std::optional<Response> read_query(Call const& call, Wanted& wanted) {
    auto const state = call.asked("state").value_or("open");
    if (state != "open" && state != "closed" && state != "all") return invalid("Issue", "state", "invalid");
    wanted.open = state == "all" ? std::nullopt : std::optional{state == "open"};
    wanted.sort = call.asked("sort").value_or("created");
    if (wanted.sort != "created" && wanted.sort != "updated" && wanted.sort != "comments") return invalid("Issue", "sort", "invalid");
    auto const direction = call.asked("direction").value_or("desc");
    if (direction != "asc" && direction != "desc") return invalid("Issue", "direction", "invalid");
    wanted.ascending = direction == "asc";
    if (auto const since = call.asked("since")) {
        auto const at = parse_seconds(*since);
        if (!at) return invalid("Issue", "since", "invalid");
        wanted.since = *at;
    }
    wanted.page = page_of(call);
    if (auto refused = read_cursors(call, wanted)) return refused;
    return read_labels(call, wanted);
}

UpdateKey key_of(Issue const& issue, std::string const& sort) {
    if (sort == "updated") return {issue.updated, issue.number};
    if (sort == "comments") return {static_cast<Seconds>(issue.comments()), issue.number};
    return {issue.created, issue.number};
}

bool fits(Issue const& issue, Wanted const& wanted) {
    if (wanted.impossible || issue.updated < wanted.since || (wanted.open && *wanted.open != issue.open)) return false;
    return std::all_of(wanted.labels.begin(), wanted.labels.end(),
                       [&](LabelIndex label) { return std::find(issue.labels.begin(), issue.labels.end(), label) != issue.labels.end(); });
}

// All of it by rank: at(0) is the lowest key. lower(key) is how many are below it, upper(key) how many are not above.
template <class At, class Lower, class Upper>
Selection cut(Wanted const& wanted, std::size_t begin, std::size_t end, At at, Lower lower, Upper upper) {
    Selection selection;
    selection.items = end - begin;
    // What the cursors leave, whichever way it is read.
    auto const& floor = wanted.ascending ? wanted.after : wanted.before;
    auto const& ceiling = wanted.ascending ? wanted.before : wanted.after;
    auto const from = floor ? std::max(begin, upper(*floor)) : begin;
    auto const to = std::max(from, ceiling ? std::min(end, lower(*ceiling)) : end);
    auto const left = to - from;
    auto skipped = std::min(left, (wanted.page.page - 1) * wanted.page.size);
    if (wanted.before) skipped = left - std::min(left, wanted.page.size);
    else if (wanted.after) skipped = 0;
    auto const count = std::min(wanted.page.size, left - skipped);
    for (std::size_t i = 0; i < count; ++i) selection.issues.push_back(at(wanted.ascending ? from + skipped + i : to - 1 - skipped - i));
    selection.more_before = wanted.after || skipped > 0;
    selection.more_after = wanted.before || skipped + count < left;
    return selection;
}

Selection by_index(Repository const& repository, Wanted const& wanted) {
    auto const& index = repository.by_update;
    auto const at = [&](std::size_t rank) { return &repository.issues.at(index.find_by_order(rank)->second); };
    auto const lower = [&](UpdateKey const& key) { return index.order_of_key(key); };
    auto const upper = [&](UpdateKey const& key) { return index.order_of_key({key.first, key.second + 1}); };
    return cut(wanted, lower({wanted.since, 0}), index.size(), at, lower, upper);
}

Selection by_walk(Repository const& repository, Wanted const& wanted) {
    std::vector<std::pair<UpdateKey, Issue const*>> all;
    for (auto const& [number, issue] : repository.issues)
        if (fits(issue, wanted)) all.emplace_back(key_of(issue, wanted.sort), &issue);
    std::sort(all.begin(), all.end());
    auto const below = [&](UpdateKey const& key) {
        auto const found = std::partition_point(all.begin(), all.end(), [&](auto const& entry) { return entry.first < key; });
        return static_cast<std::size_t>(found - all.begin());
    };
    auto const upper = [&](UpdateKey const& key) { return below({key.first, key.second + 1}); };
    return cut(
        wanted, 0, all.size(), [&](std::size_t rank) { return all[rank].second; }, below, upper);
}

// As GitHub does where it does not count: next and prev alone, with a cursor that nobody should look into.
void link_cursors(Call const& call, Wanted const& wanted, Selection const& selection, Response& response) {
    if (selection.issues.empty()) return;
    std::string links;
    auto const add = [&](Issue const& issue, std::string_view name, std::string_view rel) {
        auto const cursor = encoded(key_of(issue, wanted.sort));
        links += links.empty() ? "" : ", ";
        links += "<" + call.own_url() + query_with(call, {"page", "after", "before"}, {{std::string{name}, cursor}}) + ">; rel=\"" +
                 std::string{rel} + "\"";
    };
    if (selection.more_after) add(*selection.issues.back(), "after", "next");
    if (selection.more_before) add(*selection.issues.front(), "before", "prev");
    if (!links.empty()) response.headers.emplace_back("Link", links);
}

}  // namespace

Response list_issues(Call& call) {
    Wanted wanted;
    if (call.repository->issues_disabled) return error_answer(410, "Issues are disabled for this repo");
    if (auto refused = read_query(call, wanted)) return std::move(*refused);
    auto const limit = call.state.options.page_items;
    if (limit && wanted.page.page > 1 && wanted.page.page * wanted.page.size > limit)
        return error_answer(
            422,
            "Pagination with the page parameter is not supported for large datasets, please use cursor based pagination (after/before)");
    bool const indexed = wanted.sort == "updated" && !wanted.open && wanted.labels.empty() && !wanted.impossible;
    auto const selection = indexed ? by_index(*call.repository, wanted) : by_walk(*call.repository, wanted);
    json::array page;
    for (auto const* issue : selection.issues) page.push_back(issue_json(call.state, *call.repository, *issue));
    auto response = json_answer(200, std::move(page));
    bool const cursors = call.state.options.cursors || wanted.after || wanted.before;
    if (cursors) link_cursors(call, wanted, selection, response);
    else link_pages(call, response, wanted.page, selection.items);
    return response;
}

}  // namespace groomer::fake_github
