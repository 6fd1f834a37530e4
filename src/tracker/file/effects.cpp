#include "tracker/file/effects.hpp"

#include "base/text.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <chrono>
#include <map>

namespace groomer::tracker::file {
namespace {

namespace json = boost::json;

constexpr std::string_view add_op = "label.add";
constexpr std::string_view remove_op = "label.remove";

struct Line {
    IssueRef ref;
    LabelChange change;
    std::int64_t term = 0;
};

std::string text_of(json::object const& object, std::string_view key) {
    auto const* value = object.if_contains(key);
    auto const* text = value ? value->if_string() : nullptr;
    return text ? clean_text({text->data(), text->size()}) : std::string{};
}

std::int64_t number_of(json::object const& object, std::string_view key) {
    auto const* value = object.if_contains(key);
    auto const* number = value ? value->if_int64() : nullptr;
    return number ? *number : 0;
}

// The log is a plain file that anybody may have edited: nothing in it is taken on trust.
// Terms are microseconds since the epoch by a database's clock: one of after tomorrow was not written by a groomer, and
// would fence every other.
std::int64_t latest_term() {
    auto const tomorrow = std::chrono::system_clock::now() + std::chrono::hours{24};
    return std::chrono::duration_cast<std::chrono::microseconds>(tomorrow.time_since_epoch()).count();
}

std::optional<Line> parse_line(std::string_view text) {
    json::parse_options options;
    options.allow_invalid_utf8 = true;
    json::error_code error;
    auto const value = json::parse(text, error, {}, options);
    auto const* object = error ? nullptr : value.if_object();
    if (!object) return std::nullopt;
    Line line{{text_of(*object, "repo"), number_of(*object, "issue")}, {text_of(*object, "label"), true}, number_of(*object, "term")};
    auto const op = text_of(*object, "op");
    line.change.added = op == add_op;
    auto const* from_export = object->if_contains("from_export");
    line.change.from_export = !line.change.added && from_export && *from_export == true;
    bool const known_op = op == add_op || op == remove_op;
    if (!known_op || line.ref.repo.empty() || line.ref.number < 1 || line.change.label.empty() || line.term < 1) return std::nullopt;
    if (line.term > latest_term()) return std::nullopt;
    return line;
}

}  // namespace

std::string effect_line(IssueRef const& ref, LabelChange const& change, std::int64_t term, std::string_view at) {
    json::object line;
    line["repo"] = ref.repo;
    line["issue"] = ref.number;
    line["op"] = change.added ? add_op : remove_op;
    line["label"] = change.label;
    line["term"] = term;
    line["at"] = at;
    if (!change.added && change.from_export) line["from_export"] = true;
    return json::serialize(line) + "\n";
}

void Effects::apply(std::string_view text) {
    auto const line = parse_line(text);
    if (!line) return count_bad_line();
    newest_term_ = std::max(newest_term_, line->term);
    auto const [head, is_first] = newest_.try_emplace({repos_.intern(to_lower(line->ref.repo)), line->ref.number}, none);
    nodes_.push_back({labels_.intern(line->change.label), head->second, line->change.added, line->change.from_export});
    head->second = static_cast<std::uint32_t>(nodes_.size() - 1);
}

std::vector<LabelChange> Effects::of(IssueRef const& ref) const {
    std::vector<LabelChange> changes;
    for (auto at = newest(ref); at != none; at = nodes_[at].before) changes.push_back(change_at(at));
    std::reverse(changes.begin(), changes.end());
    return changes;
}

LabelChange Effects::change_at(std::uint32_t node) const {
    return {labels_[nodes_[node].label], nodes_[node].added, nodes_[node].from_export};
}

std::optional<LabelChange> Effects::last(IssueRef const& ref, std::string_view label) const {
    auto const id = labels_.find(label);
    if (id == none) return std::nullopt;
    for (auto at = newest(ref); at != none; at = nodes_[at].before)
        if (nodes_[at].label == id) return change_at(at);
    return std::nullopt;
}

std::uint32_t Effects::newest(IssueRef const& ref) const {
    auto const repo = repos_.find(to_lower(ref.repo));
    if (repo == none) return none;
    auto const found = newest_.find({repo, ref.number});
    return found == newest_.end() ? none : found->second;
}

std::size_t Effects::KeyHash::operator()(Key const& key) const noexcept {
    return (static_cast<std::uint64_t>(key.number) * 0x9E3779B97F4A7C15ULL) ^ key.repo;
}

std::uint32_t Effects::Names::intern(std::string_view name) {
    auto const [at, is_new] = ids_.try_emplace(std::string{name}, static_cast<std::uint32_t>(names_.size()));
    if (is_new) names_.push_back(&at->first);
    return at->second;
}

std::uint32_t Effects::Names::find(std::string_view name) const {
    auto const found = ids_.find(std::string{name});
    return found == ids_.end() ? none : found->second;
}

bool carries(bool in_export, std::optional<LabelChange> const& last) {
    if (!last) return in_export;
    return last->added || (in_export && !last->from_export);
}

std::vector<std::string> merge(std::vector<std::string> labels, std::vector<LabelChange> const& changes) {
    auto const has = [](std::vector<std::string> const& list, std::string const& label) {
        return std::find(list.begin(), list.end(), label) != list.end();
    };
    std::map<std::string_view, LabelChange> last;
    for (auto const& change : changes) last.insert_or_assign(change.label, change);
    std::erase_if(labels, [&](auto const& label) {
        auto const found = last.find(label);
        return found != last.end() && !carries(true, found->second);
    });
    for (auto const& change : changes)
        if (last.at(change.label).added && !has(labels, change.label)) labels.push_back(change.label);
    return labels;
}

}  // namespace groomer::tracker::file
