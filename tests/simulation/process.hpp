// One run of a replica: groomer's own loop of one lock, with its renewal and its tick, on a clock, threads and connections
// that belong to the world. It can be stopped between any two steps, and thrown away at any instant.
#pragma once

#include "reconcile/loop.hpp"
#include "simulation/counts.hpp"
#include "simulation/lane.hpp"
#include "simulation/network.hpp"
#include "simulation/world.hpp"
#include "tracker/tracker.hpp"

#include <iosfwd>
#include <memory>
#include <optional>
#include <string>

namespace groomer::simulation {

class Judge;
class Site;
struct Habits;

// How this world's replicas are configured.
struct Settings {
    std::chrono::milliseconds ttl{5000};
    std::chrono::milliseconds renew_every{1500};
    std::chrono::milliseconds settle{11'500};
    std::chrono::milliseconds every{10'000};
    std::chrono::milliseconds max_tick{30'000};
    std::chrono::milliseconds foreign_stale_after{10'000};
    std::chrono::milliseconds grace{8'000};
    // As the product has it.
    [[nodiscard]] std::chrono::milliseconds write_limit() const { return lock::write_limit(ttl, renew_every); }
    // Foreign rows are stale after that long, by the protocol.
    [[nodiscard]] std::chrono::milliseconds foreign_needed() const { return foreign_stale_after + std::chrono::minutes{1}; }
    // As the protocol has it: for the judges.
    [[nodiscard]] std::chrono::milliseconds longest_write() const {
        return std::min(std::chrono::milliseconds{3000}, ttl - std::chrono::milliseconds{500} - ttl / 100 - renew_every);
    }
};
inline constexpr char const* lock_name = "groomer";

// Where something may be made to befall a process.
enum class Point {
    acquire_sent,
    acquire_committed,
    acquire_answered,
    renew_sent,
    renew_committed,
    release_sent,
    release_committed,
    work_sent,
    work_committed,
    before_send,  // to a tracker: after the last check
    tracker_sent,
    tick_began,
    tick_ended,
    nowhere
};

// A clock of its own: it began elsewhere, and runs up to 1 % faster or slower than the world's.
class LocalClock final : public Clock {
public:
    LocalClock(World const& world, Duration ahead, std::int64_t parts_per_million)
        : world_{world}, ahead_{ahead}, parts_per_million_{parts_per_million} {}

    [[nodiscard]] BootTime::time_point now() const override { return at(world_.now()); }
    [[nodiscard]] BootTime::time_point at(Moment moment) const;
    // The first moment at which this clock shows `time`.
    [[nodiscard]] Moment when(BootTime::time_point time) const;
    Task<> sleep_until(BootTime::time_point until) override;

    class Process* owner = nullptr;

private:
    World const& world_;
    Duration ahead_;
    std::int64_t parts_per_million_;
};

// What a process must know of its hold: made from the replies that reached it, apart from groomer's own reckoning.
struct Knowledge {
    std::int64_t term = 0;
    std::string token;
    BootTime::time_point confirmed{};  // sending of the last acquire or renewal that was confirmed
    BootTime::time_point proved{};     // sending of the last statement that saw the token current
    BootTime::time_point answered{};   // the reply to the acquire
    std::chrono::milliseconds ttl{0};
    bool over = false;       // it was told so, or its deadline has passed
    bool releasing = false;  // its tick has ended
    [[nodiscard]] BootTime::time_point deadline() const { return confirmed + ttl - std::chrono::milliseconds{500} - ttl / 100; }
};

// What became of the last tick, as the tick itself has it.
struct Ran {
    std::string token;
    std::optional<reconcile::TickResult> result;
    bool cancelled = false;  // it threw because of that; without a result or that, it failed
    BootTime::time_point ended{};
};

// Something that a coroutine of a process waits for, and the world ends.
struct Parked {
    asio::steady_timer timer;
    bool woken = false;
};

class Process : public std::enable_shared_from_this<Process> {
public:
    struct Parts {
        World& world;
        Counts& counts;
        Network& network;
        Server const& server;
        Judge& judge;
        metrics::Metrics& metrics;
        Site& remote;  // a tracker that may finish what was cut
        Site& files;   // a tracker that refuses old terms
        Habits const& habits;
        Settings settings;
        // True where the process was stopped or is to die: what it does next, it does later or never.
        std::function<bool(Process&, Point)> strike;
    };
    struct Nature {
        int number = 0;
        std::string name;  // for the story
        lock::Identity identity;
        Duration clock_ahead{0};
        std::int64_t clock_drift = 0;  // parts per million
        bool forced = false;           // one forced tick, then the end: `once`
        bool part = false;             // … of one issue
    };

    Process(Parts parts, Nature nature);
    ~Process();
    Process(Process const&) = delete;
    Process& operator=(Process const&) = delete;

    void start();
    void stop();  // SIGTERM
    void wake();  // a notification
    void kill();
    void doom() { turning_ ? void(doomed_ = true) : kill(); }  // killed as soon as it lets go of the world
    void pause(Duration duration);                             // SIGSTOP, and SIGCONT after it
    void resume();
    void stall(Duration duration);  // its loop's thread alone gets no turn

    [[nodiscard]] bool alive() const { return !dead_; }
    [[nodiscard]] bool ended() const { return ended_; }
    [[nodiscard]] bool paused() const { return paused_until_ > parts.world.now(); }
    [[nodiscard]] bool runs() const { return alive() && !ended_ && !paused(); }
    [[nodiscard]] bool stalled() const { return stalled_until_ > parts.world.now(); }
    [[nodiscard]] bool stopping() const { return stopping_; }
    // Believes that it may act, by groomer's own reckoning.
    [[nodiscard]] bool believes() const;
    [[nodiscard]] std::exception_ptr failure() const { return failure_; }

    // For what runs inside: the store, the trackers, the tick.
    asio::any_io_executor main() { return main_.executor(); }
    Task<> park(std::shared_ptr<Parked> parked);  // until woken; throws operation_aborted when cancelled
    std::shared_ptr<Parked> make_parked(asio::any_io_executor executor);
    void wake(std::weak_ptr<Parked> const& parked);                                // by the world
    Task<Reply> ask(Sent statement, Duration patience);                            // waits whatever is cancelled meanwhile, as inside libpq
    Task<> on_files_thread(std::function<void(std::function<void()> done)> work);  // `done` ends it
    void post_to_files(std::function<void()> work);
    Task<> blocked(Duration duration);  // in work that no cancellation reaches
    Task<bool> pass(Point point);       // here the world may stop it; true where it did
    bool struck(Point point) { return parts.strike(*this, point); }
    void turn();  // runs whatever is ready

    Parts const parts;
    Nature const nature;
    LocalClock clock;
    Knowledge knowledge;
    std::shared_ptr<lock::Hold> hold;  // the last
    Random random;
    int at_work = 0;
    bool tick_was_clean = false;  // as the last tick said
    Ran ran;

private:
    class Door;
    template <class Begin>
    Task<> behind_door(std::shared_ptr<Door> door, Begin begin);
    void open(std::weak_ptr<Door> const& door);
    void run_lanes();
    Task<reconcile::TickResult> run(std::shared_ptr<lock::Hold> next);

    Context context_;
    Lane main_{context_}, renewals_{context_}, files_{context_};
    std::vector<std::shared_ptr<Door>> doors_;  // behind which something waits
    std::unique_ptr<std::ostream> lines_;
    std::unique_ptr<Log> log_;
    std::unique_ptr<lock::LockStore> store_;
    std::unique_ptr<tracker::Tracker> remote_, file_;
    std::unique_ptr<reconcile::Loop> loop_;
    Moment paused_until_ = Moment::min(), stalled_until_ = Moment::min();
    bool dead_ = false, doomed_ = false, ended_ = false, stopping_ = false, turning_ = false;
    std::exception_ptr failure_;
    BootTime::time_point told_{};  // deadline of which the judge knows
};

}  // namespace groomer::simulation
