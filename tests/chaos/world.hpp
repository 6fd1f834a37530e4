// One world: a server, three replicas each behind a proxy, a tracker and a model; and what can be done to them. It knows
// no fault and judges nothing: it writes down what it did.
#pragma once

#include "chaos/fake_model.hpp"
#include "chaos/fake_tracker.hpp"
#include "chaos/history.hpp"
#include "chaos/options.hpp"
#include "chaos/postgres.hpp"
#include "chaos/proxy.hpp"
#include "chaos/schedule.hpp"

#include <memory>
#include <optional>
#include <random>
#include <vector>

namespace groomer::chaos {

// A place for a replica: its proxy stays, its processes come and go.
struct Member {
    int number = 0;
    std::unique_ptr<Link> link;
    std::unique_ptr<Child> process;
    std::string pod;                               // of the process: each has a name of its own
    std::string slot;                              // the pod's UID: kept by a container that restarts
    std::map<std::string, std::string> variables;  // beyond the usual: a false clock
    std::size_t instance = 0;                      // in the history
    std::uintmax_t log_from = 0;                   // where in its log this process began
};

class World {
public:
    World(Options const& options, Schedule& schedule, asio::io_context& io, int number, std::string const& template_folder);
    ~World();  // after the context's thread has ended
    World(World const&) = delete;
    World& operator=(World const&) = delete;

    // ------------------------------------------------------------------------------------------------- what faults use
    std::vector<Member>& members() { return members_; }
    FakeTracker& tracker() { return *tracker_; }
    Postgres& server() { return *server_; }
    [[nodiscard]] Timing const& timing() const { return history_.timing; }
    [[nodiscard]] Options const& options() const { return options_; }
    [[nodiscard]] std::string const& folder() const { return folder_; }
    Round& round() { return history_.rounds.back(); }

    // Uniform, both ends included; times of a ttl.
    milliseconds between(milliseconds least, milliseconds most);
    milliseconds ttls(double least, double most);
    int pick(int count);  // 0 … count - 1
    bool chance(double share);
    // Throws Interrupted.
    void sleep(milliseconds duration);
    template <class Condition>
    bool wait_until(Condition condition, milliseconds limit) {
        auto const end = std::chrono::steady_clock::now() + limit;
        while (!condition()) {
            if (std::chrono::steady_clock::now() >= end) return false;
            sleep(milliseconds{10});
        }
        return true;
    }

    // Who holds the row of grooming, once somebody has held it for a moment; anybody where nobody does for a while.
    Member& holder();
    // Does the row of grooming carry its token at this moment?
    bool holds(Member const& member);
    // A statement on the present server, past the proxies; "" where it fails.
    std::string ask(std::string const& sql);
    [[nodiscard]] std::string token_held();
    // By the clock of a replica, when it wrote the first line of its log; nothing where it has not.
    [[nodiscard]] std::optional<std::int64_t> log_moment(Member const& member) const;
    // Has every replica asked the server something within the last ttl, or does it before `limit`?
    bool all_have_looked(milliseconds limit);

    void kill(Member& member);
    // In the same slot, as a container that restarts, or in a new one.
    void start(Member& member, bool same_slot);
    void pause(Member& member, milliseconds duration);
    void note_pause(std::string const& pod, Moment from);
    void note_server_pause(Moment from);
    // All replicas are led to another socket, and what they have is cut.
    void lead_to(std::string const& socket_path);
    // The server that is promoted takes the place of the present one, which is cut off before and stopped after.
    // Returns how many changes of sync_lock the new one does not know of.
    std::size_t replace_server(std::unique_ptr<Postgres> promoted);

    // ------------------------------------------------------------------------------------------------------ the course
    void set_up();
    void begin_round(std::string fault);
    // Everything passes and runs again: waits until a hold that began since has done its work. False: none does.
    bool recover();
    void end_round(bool recovered);
    // No more faults or edits: waits for the last issue, stops all, and hands over what was written down.
    History finish();
    // All of them, at once.
    void end_processes();
    [[nodiscard]] std::string name() const { return "world " + std::to_string(number_); }

private:
    void start_process(Member& member);
    void note_end(Member& member);
    [[nodiscard]] std::string log_of(Member const& member) const;
    std::string config_file(Member const& member) const;
    [[nodiscard]] Database& database();
    bool all_groomed();

    Options const& options_;
    Schedule& schedule_;
    asio::io_context& io_;
    int number_;
    std::string folder_;
    std::mt19937_64 random_;
    std::unique_ptr<Postgres> server_;
    std::unique_ptr<Database> database_;
    std::string timeline_;
    std::unique_ptr<FakeTracker> tracker_;
    std::unique_ptr<FakeModel> model_;
    std::vector<Member> members_;
    int starts_ = 0;
    History history_;
};

}  // namespace groomer::chaos
