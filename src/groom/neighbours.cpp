#include "groom/neighbours.hpp"

#include "base/text.hpp"
#include "model/local/similar.hpp"

#include <algorithm>
#include <optional>

namespace groomer::groom {
namespace {

using namespace std::chrono_literals;
using model::local::Match;
using model::local::Similar;

constexpr std::int64_t most_issues = 20'000;
constexpr std::int64_t compared = 4096, shown = 1024;  // characters of a body
constexpr auto least_interval = 10min;
constexpr std::size_t most_candidates = 5, most_examples = 4;

using ByRepository = std::map<std::string, std::shared_ptr<Similar const>>;

ByRepository build(std::vector<store::Neighbour> const& issues) {
    std::map<std::string, std::vector<Similar::Document>> documents;
    for (auto const& issue : issues)
        documents[to_lower(issue.repo)].push_back({issue.number, issue.title, issue.body, issue.open, !issue.labels.empty()});
    ByRepository out;
    for (auto const& [repo, of_repo] : documents) out[repo] = std::make_shared<Similar const>(Similar::build(of_repo));
    return out;
}

// In the order of the matches.
std::vector<model::ShownIssue> pick(std::vector<Match> const& matches, std::vector<store::Neighbour> const& issues) {
    std::vector<model::ShownIssue> out;
    for (auto const& match : matches) {
        auto const found = std::find_if(issues.begin(), issues.end(), [&](auto const& issue) { return issue.number == match.number; });
        if (found != issues.end()) out.push_back({found->number, found->open, found->title, found->body, found->labels});
    }
    return out;
}

struct Matches {
    std::vector<Match> candidates, examples;
};

}  // namespace

Neighbours::Neighbours(store::Store& store, asio::thread_pool& cpu, Clock& clock) : store_{store}, cpu_{cpu}, clock_{clock} {}

Neighbours::~Neighbours() = default;

Task<> Neighbours::refresh(std::vector<std::string> sources) {
    auto counting = store::changes(store_, sources);
    auto const changes = co_await std::move(counting);
    bool const same = sources == sources_;
    bool const recent = same && read_changes_ >= 0 && clock_.now() - read_at_ < least_interval;
    if ((same && changes == read_changes_) || recent) co_return;
    sources_ = sources;
    auto reading = store::neighbours(store_, std::move(sources), most_issues, compared);
    auto issues = co_await std::move(reading);
    auto work = [issues = std::move(issues)] { return build(issues); };
    auto building = on_pool(cpu_, std::move(work));
    similar_ = co_await std::move(building);
    read_changes_ = changes;
    read_at_ = clock_.now();
}

Task<Neighbours::Found> Neighbours::of(tracker::Issue const& issue) {
    Found out;
    auto const similar = similar_.find(to_lower(issue.ref.repo));
    if (similar == similar_.end()) co_return out;
    auto work = [similar = similar->second, number = issue.ref.number, title = issue.title, body = issue.body, open = issue.open] {
        Similar::Document const one{number, title, body, open, false};
        return Matches{similar->duplicates(one, most_candidates), similar->examples(one, most_examples)};
    };
    auto comparing = on_pool(cpu_, std::move(work));
    auto const matches = co_await std::move(comparing);
    std::vector<std::int64_t> numbers;
    for (auto const* list : {&matches.candidates, &matches.examples})
        for (auto const& match : *list) numbers.push_back(match.number);
    if (numbers.empty()) co_return out;
    auto reading = store::neighbours_by_number(store_, issue.ref.repo, std::move(numbers), shown);
    auto const issues = co_await std::move(reading);
    out.candidates = pick(matches.candidates, issues);
    out.examples = pick(matches.examples, issues);
    co_return out;
}

void Neighbours::forget() {
    similar_.clear();
    read_changes_ = -1;
}

}  // namespace groomer::groom
