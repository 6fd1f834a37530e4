// The GitHub tracker over real sockets: the suite of all trackers, against the fake GitHub, whose own log tells what happened.
#include "conformance/github_replica.hpp"
#include "conformance/tracker_suite.hpp"

#include <boost/json/serialize.hpp>

namespace groomer::tracker::test {
namespace {

using namespace std::chrono_literals;
using fake_github::Server;
using fake_github::State;

constexpr auto began = fake_github::Time{1'704'067'200s};

// A repository of the fake's that has all labels of the suite: GitHub would make those that it lacks.
class GithubHarness {
public:
    static std::string repo() { return "octo/quill"; }
    explicit GithubHarness(std::vector<SeedIssue> const& issues) : server_{{.start = began}} {
        server_.with_state([&](State& state) {
            auto& repository = state.add_repository(repo());
            state.access.add_token("secret", {.login = "groomer"});
            state.limits.options = {.per_hour = 0, .points_per_minute = 0, .at_once = 0, .content_per_minute = 0, .content_per_hour = 0};
            for (auto const* name : {"theirs", "ours", "type/bug", "a", "b", "c", "label-0", "label-1", "label-2", "label-3", "label-4"})
                state.add_label(repository, {.name = name});
            for (auto const& seed : issues)
                state.add_issue(repository, {.number = seed.number,
                                             .title = seed.title,
                                             .body = seed.body,
                                             .labels = seed.labels,
                                             .open = seed.open,
                                             .created = 1'700'000'000 + seed.number});
        });
    }
    std::unique_ptr<Tracker> open() { return std::make_unique<Replica>(server_, repo()); }
    std::vector<LoggedEffect> effects() {
        std::vector<LoggedEffect> out;
        for (auto const& line : server_.with_state([](State& state) { return state.effects.parsed(); })) {
            bool const added = line.at("what") == "label.add";
            if (!added && line.at("what") != "label.remove") ADD_FAILURE() << boost::json::serialize(line);
            out.push_back({{std::string{line.at("repository").as_string()}, line.at("issue").to_number<std::int64_t>()},
                           std::string{line.at("label").as_string()},
                           added});
        }
        return out;
    }
    void another_holder_writes(LoggedEffect const& effect, std::int64_t term) {
        server_.with_state([&](State& state) {
            auto& repository = state.at(effect.ref.repo);
            auto& issue = state.issue(effect.ref.repo, effect.ref.number);
            fake_github::By const by{.login = "groomer", .now = began + 1s, .term = std::to_string(term)};
            if (effect.added) state.add_labels(repository, issue, {effect.label}, by);
            else state.remove_label(repository, issue, effect.label, by);
        });
    }

private:
    Server server_;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Github, TrackerSuite, GithubHarness);

}  // namespace
}  // namespace groomer::tracker::test
