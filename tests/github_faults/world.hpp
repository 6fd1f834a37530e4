// A fake GitHub with a backlog, those who work on it, and the rounds in which faults strike. One thread each.
#pragma once

#include "github_faults/director.hpp"
#include "github_faults/history.hpp"
#include "github_faults/schedule.hpp"
#include "support/process.hpp"
#include "support/test_database.hpp"

#include <boost/json/object.hpp>

#include <memory>
#include <random>
#include <string>
#include <vector>

namespace groomer::github_faults {

struct WorldOptions {
    int number = 1;
    std::uint64_t seed = 1;
    std::string folder;  // its own
    bool app = false;    // an App's credentials, in place of a token
    bool settle = true;  // false: writers are told that nothing takes effect late, which the judge must notice
    bool verbose = false;
};

class World {
public:
    explicit World(WorldOptions options, std::chrono::milliseconds write_patience, bool writers);
    virtual ~World() = default;
    World(World const&) = delete;
    World& operator=(World const&) = delete;

    // Until there are no more rounds. Throws Interrupted.
    void run(Schedule& schedule);
    [[nodiscard]] History history();

protected:
    virtual void set_up() = 0;
    virtual void tear_down() = 0;
    virtual void stimulate() = 0;                            // what makes requests
    virtual bool attend() = 0;                               // restarts what was killed; whether all have ended or are at rest
    virtual std::vector<std::string> still_unsettled() = 0;  // empty: the round may end

    void begin_backlog(std::size_t first, std::size_t count, std::string const& repository);
    std::unique_ptr<test::Process> start(std::vector<std::string> const& words);
    void process_gone(int number);
    [[nodiscard]] IssueNow now_of(fake_github::State& state, std::string const& name, fake_github::Issue const& issue) const;
    void read_effects();  // into the history, those that are new
    void write_token();
    [[nodiscard]] std::uint64_t below(std::uint64_t end) { return random_() % end; }

    WorldOptions const options_;
    std::mt19937_64 random_;
    std::vector<std::string> secrets_;
    std::string token_;
    Director director_;
    fake_github::Server server_;
    History history_;
    Schedule* schedule_ = nullptr;
    std::vector<boost::json::object> samples_;  // issues to be made
    int processes_ = 0;                         // started so far
    std::string log_of(int process) const { return options_.folder + "/process-" + std::to_string(process) + ".log"; }

private:
    void play(RoundPlan const& plan);
    void wait_until_struck(Round& round, std::size_t wanted);
    void wait_until_settled(Round& round);
    void look_for_secrets();

    int tokens_ = 0;
};

std::unique_ptr<World> make_groomers(WorldOptions options);
std::unique_ptr<World> make_writers(WorldOptions options);

}  // namespace groomer::github_faults
