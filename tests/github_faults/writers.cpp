// Rounds of the tracker's writes alone, comments and texts too: a program of its own carries a list of steps out, is killed
// between any two, and begins anew.
#include "github_faults/judge.hpp"
#include "github_faults/world.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace groomer::github_faults {
namespace {

using namespace std::chrono_literals;
using fake_github::State;
namespace json = boost::json;

constexpr char const* name = "lanternfish/quill";
// Longer than what is late here: an effect comes 200 ms after its request was given up.
constexpr std::chrono::milliseconds settle{600};

class Writers final : public World {
public:
    explicit Writers(WorldOptions options) : World{std::move(options), 300ms, true} {}
    ~Writers() override { child_.reset(); }

private:
    void set_up() override {
        begin_backlog(0, 40, name);
        write_token();
        director_.expire_tokens = [this] { renew(false); };
        director_.rotate_tokens = [this] { renew(true); };
    }
    void tear_down() override {}

    // On the server's thread; the writer reads the file each time.
    void renew(bool first) {
        auto const old = token_;
        if (first) write_token();
        server_.with_state([&](State& state) { state.access.revoke(old); });
        if (!first) director_.last([](State&) {}, [](State&) {});
        renew_ = !first;
    }

    void stimulate() override {
        if (child_) return;
        wanted_.clear();
        for (auto issue : {next_issue(), next_issue()}) want(issue);
        killed_before_ = false;
        launch();
    }

    // Each issue's turn comes again and again, so that what is there already is found there.
    std::int64_t next_issue() { return 1 + static_cast<std::int64_t>(turn_++ % 40); }

    void want(std::int64_t issue) {
        ++texts_;
        auto const text = "Text " + std::to_string(texts_) + ".";
        // Between two rounds a person was there: what is wanted now may be what was once wanted before.
        server_.with_state([&](State& state) {
            auto& repository = *director_.repository(state, name);
            state.add_comment(repository, repository.issues.at(issue), "And now?", {.login = "maintainer", .now = server_.now()});
        });
        std::vector<Wanted> all{{issue, "comment", "summary", text},
                                {issue, "comment", "duplicates", text},
                                {issue, "section", "digest", text},
                                {issue, "title", "", "Title " + std::to_string(texts_)},
                                {issue, below(2) == 0 ? "add" : "remove", "ours", ""},
                                {issue, below(2) == 0 ? "add" : "remove", "theirs", ""}};
        if (below(4) == 0) all.push_back({issue, "close", "", ""});
        std::shuffle(all.begin(), all.end(), random_);
        all.resize(3 + below(all.size() - 2));
        wanted_.insert(wanted_.end(), all.begin(), all.end());
    }

    void launch() {
        json::array steps;
        for (auto const& step : wanted_)
            steps.push_back(json::object{{"issue", step.issue}, {"op", step.op}, {"name", step.name}, {"text", step.text}});
        auto const path = options_.folder + "/steps.json";
        std::ofstream{path} << json::serialize(json::object{{"api_url", "http://github.test:" + std::to_string(server_.port())},
                                                            {"token_file", options_.folder + "/token"},
                                                            {"repo", name},
                                                            {"killed_before", killed_before_},
                                                            {"settle_ms", options_.settle ? settle.count() : 0},
                                                            {"term", processes_ + 1},
                                                            {"steps", std::move(steps)}});
        child_ = start({std::filesystem::read_symlink("/proc/self/exe").string(), "--writer", path});
        number_ = processes_;
    }

    bool attend() override {
        if (renew_.exchange(false)) write_token();
        if (!child_) return true;
        auto const killed = director_.killed();
        bool const ours = std::find(killed.begin(), killed.end(), number_) != killed.end();
        auto const status = child_->wait(ours ? 5000ms : 0ms);
        if (!status) return false;
        process_gone(number_);
        child_.reset();
        if (status == 0) return true;
        if (ours) {
            killed_before_ = true;
            launch();
        } else {
            history_.ended_by_themselves.push_back("writer " + std::to_string(number_) + " ended with " + std::to_string(*status));
        }
        return !child_;
    }

    std::vector<std::string> still_unsettled() override {
        std::vector<std::string> out;
        server_.with_state([&](State& state) {
            for (auto const& wanted : wanted_) {
                auto const& issue = director_.repository(state, name)->issues.at(wanted.issue);
                for (auto& sentence : unsettled(wanted, now_of(state, name, issue))) out.push_back(std::move(sentence));
            }
        });
        return out;
    }

    std::unique_ptr<test::Process> child_;
    int number_ = 0, texts_ = 0;
    std::uint64_t turn_ = 0;
    bool killed_before_ = false;
    std::vector<Wanted> wanted_;
    std::atomic<bool> renew_ = false;
};

}  // namespace

std::unique_ptr<World> make_writers(WorldOptions options) { return std::make_unique<Writers>(std::move(options)); }

}  // namespace groomer::github_faults
