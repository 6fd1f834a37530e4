#include "simulation/process.hpp"

#include "simulation/judge.hpp"
#include "simulation/store.hpp"
#include "simulation/tick.hpp"
#include "simulation/trackers.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/system/system_error.hpp>

#include <ostream>
#include <streambuf>

namespace groomer::simulation {
namespace {

Point point_of_sending(Statement const& statement) {
    switch (statement.kind) {
        case Statement::Kind::acquire: return Point::acquire_sent;
        case Statement::Kind::renew: return Point::renew_sent;
        case Statement::Kind::release: return Point::release_sent;
        case Statement::Kind::work: return Point::work_sent;
        default: return Point::nowhere;
    }
}

// groomer's own log, line by line into the story. Its times are those of the real wall clock: they are left out.
class LogLines final : public std::streambuf {
public:
    LogLines(World& world, std::string name) : world_{world}, name_{std::move(name)} {}

private:
    int_type overflow(int_type c) override {
        if (c != '\n') line_ += static_cast<char>(c);
        else tell();
        return c;
    }
    std::streamsize xsputn(char const* text, std::streamsize size) override {
        for (std::streamsize i = 0; i < size; ++i) overflow(static_cast<unsigned char>(text[i]));
        return size;
    }
    void tell() {
        world_.tell(name_, "says: " + line_.substr(line_.find(' ') + 1));
        line_.clear();
    }

    World& world_;
    std::string name_, line_;
};

class LogStream final : public std::ostream {
public:
    LogStream(World& world, std::string name) : std::ostream{nullptr}, lines_{world, std::move(name)} {
        if (world.telling()) rdbuf(&lines_);
    }

private:
    LogLines lines_;
};

}  // namespace

// --------------------------------------------------------------------------------------------------------------- clock

BootTime::time_point LocalClock::at(Moment moment) const {
    auto const passed = moment.time_since_epoch();
    return BootTime::time_point{ahead_ + passed + passed / 1'000'000 * parts_per_million_};
}

Moment LocalClock::when(BootTime::time_point time) const {
    auto const shown = time.time_since_epoch() - ahead_;
    Moment guess{shown - shown / (1'000'000 + parts_per_million_) * parts_per_million_};
    while (at(guess) < time) guess += std::max<Duration>(time - at(guess), 1ns);
    return guess;
}

Task<> LocalClock::sleep_until(BootTime::time_point until) {
    if (until <= now()) co_return;
    auto const executor = co_await asio::this_coro::executor;
    auto const parked = owner->make_parked(executor);
    constexpr auto never = std::chrono::hours{24 * 365};
    if (until - now() < never) {
        owner->parts.world.at(when(until), [process = owner->weak_from_this(), sleeper = std::weak_ptr{parked}] {
            if (auto const p = process.lock()) p->wake(sleeper);
        });
    }
    co_await owner->park(parked);
}

// --------------------------------------------------------------------------------------------------------------- waits

// Something waits behind it until the world opens it, whatever is cancelled meanwhile.
class Process::Door {
public:
    template <class Handler>
    void hold(Handler handler) {
        executor_ = asio::get_associated_executor(handler);
        waiting_ = std::make_unique<WaitingOf<Handler>>(std::move(handler));
    }
    void open() {
        if (!waiting_) return;
        asio::post(executor_, [waiting = std::move(waiting_)] { waiting->go(); });
    }
    void drop() { auto const gone = std::move(waiting_); }

private:
    struct Waiting {
        Waiting() = default;
        Waiting(Waiting const&) = delete;
        Waiting& operator=(Waiting const&) = delete;
        virtual ~Waiting() = default;
        virtual void go() = 0;
    };
    template <class Handler>
    struct WaitingOf final : Waiting {
        explicit WaitingOf(Handler h) : handler{std::move(h)} {}
        void go() override { std::move(handler)(); }
        Handler handler;
    };

    asio::any_io_executor executor_;
    std::unique_ptr<Waiting> waiting_;
};

template <class Begin>
Task<> Process::behind_door(std::shared_ptr<Door> door, Begin begin) {
    auto initiate = [this, door](auto handler, Begin work) {
        doors_.push_back(door);
        door->hold(std::move(handler));
        work();
    };
    co_await asio::async_initiate<decltype(asio::use_awaitable), void()>(initiate, asio::use_awaitable, std::move(begin));
}

void Process::open(std::weak_ptr<Door> const& closed) {
    auto const door = closed.lock();
    if (dead_ || !door) return;
    std::erase(doors_, door);
    door->open();
    turn();
}

std::shared_ptr<Parked> Process::make_parked(asio::any_io_executor executor) {
    return std::make_shared<Parked>(Parked{asio::steady_timer{executor, asio::steady_timer::time_point::max()}});
}

Task<> Process::park(std::shared_ptr<Parked> parked) {
    if (parked->woken) co_return;
    auto [error] = co_await parked->timer.async_wait(asio::as_tuple(asio::use_awaitable));
    (void)error;
    if (!parked->woken) throw boost::system::system_error{asio::error::operation_aborted};
}

void Process::wake(std::weak_ptr<Parked> const& waiting) {
    auto const parked = waiting.lock();
    if (dead_ || !parked || parked->woken) return;
    parked->woken = true;
    parked->timer.cancel();
    turn();
}

Task<Reply> Process::ask(Sent statement, Duration patience) {
    auto const door = std::make_shared<Door>();
    auto const answer = std::make_shared<Reply>();
    auto const begin = [this, statement, patience, answer, closed = std::weak_ptr{door}] {
        parts.network.send(statement, patience, [process = weak_from_this(), statement, answer, closed](Reply reply) {
            auto const self = process.lock();
            if (!self || !self->alive()) return;
            *answer = std::move(reply);
            if (answer->grant) self->struck(Point::acquire_answered);
            self->open(closed);
        });
        struck(point_of_sending(*statement));
    };
    co_await behind_door(door, begin);
    co_return std::move(*answer);
}

Task<> Process::blocked(Duration duration) {
    auto const door = std::make_shared<Door>();
    auto const begin = [this, duration, closed = std::weak_ptr{door}] {
        parts.world.after(duration, [process = weak_from_this(), closed] {
            if (auto const self = process.lock()) self->open(closed);
        });
    };
    co_await behind_door(door, begin);
}

Task<> Process::on_files_thread(std::function<void(std::function<void()>)> work) {
    auto const door = std::make_shared<Door>();
    auto const begin = [this, work = std::move(work), closed = std::weak_ptr{door}] {
        auto const takes = random.between(1ms, 20ms);
        parts.world.after(takes, [process = weak_from_this(), work, closed] {
            auto const self = process.lock();
            if (!self || !self->alive()) return;
            self->post_to_files([raw = self.get(), work, closed] { work([raw, closed] { raw->open(closed); }); });
            self->turn();
        });
    };
    co_await behind_door(door, begin);
}

void Process::post_to_files(std::function<void()> work) { asio::post(asio::any_io_executor{files_.executor()}, std::move(work)); }

Task<bool> Process::pass(Point point) {
    bool const stopped = struck(point);
    if (stopped) co_await asio::post(main(), asio::use_awaitable);
    co_return stopped;
}

// ---------------------------------------------------------------------------------------------------------------- life

Process::Process(Parts p, Nature n)
    : parts{std::move(p)},
      nature{std::move(n)},
      clock{parts.world, nature.clock_ahead, nature.clock_drift},
      random{parts.world.random.next()},
      lines_{std::make_unique<LogStream>(parts.world, nature.name)},
      log_{std::make_unique<Log>(*lines_, parts.world.telling() ? LogLevel::debug : LogLevel::error, Log::Format::text)} {
    clock.owner = this;
}

Process::~Process() { kill(); }

void Process::start() {
    store_ = make_store(*this);
    remote_ = make_remote_tracker(*this, parts.remote);
    file_ = make_file_tracker(*this, parts.files);
    auto const& settings = parts.settings;
    reconcile::LoopSettings loop_settings{
        lock_name,       "groom",        settings.ttl,      settings.renew_every, settings.foreign_stale_after,
        settings.settle, settings.every, settings.max_tick, settings.grace};
    auto const& seams = parts.habits.seams;
    if (!seams.grants_strangers_all) loop_settings.foreign_stale_after -= 600ms;
    reconcile::LoopParts loop_parts{clock,         *log_, parts.metrics, *store_, nature.identity, main(), renewals_.executor(),
                                    random.next(), [] {}};
    if (!seams.reclaims) loop_parts.identity.slot.clear();
    loop_ = std::make_unique<reconcile::Loop>(std::move(loop_parts), std::move(loop_settings),
                                              [this](std::shared_ptr<lock::Hold> next) { return run(std::move(next)); });
    auto const ended = [this](std::exception_ptr error) {
        ended_ = true;
        failure_ = error;
    };
    if (nature.forced) {
        auto const patience = settings.ttl;
        // Its database may be gone: `once` says so.
        asio::co_spawn(main(), loop_->once(patience, {}, !nature.part),
                       [ended](std::exception_ptr, reconcile::Loop::Once const&) { ended({}); });
    } else {
        asio::co_spawn(main(), loop_->run(), ended);
    }
    turn();
}

// A tick, of which the judges hear what it came to from the tick itself, and not from the loop.
Task<reconcile::TickResult> Process::run(std::shared_ptr<lock::Hold> next) {
    if (hold) parts.judge.count_loss(*hold);
    hold = next;
    if (!parts.habits.seams.deadline_from_sending) hold->renewed(clock.now());
    ran = {next->terms().token, {}, false, {}};
    std::exception_ptr failure;
    try {
        auto ticking = tick(*this, *remote_, *file_, next);
        ran.result = co_await std::move(ticking);
    } catch (...) {
        failure = std::current_exception();
    }
    ran.ended = clock.now();
    ran.cancelled = failure && is_cancelled(failure);
    if (failure) std::rethrow_exception(failure);
    co_return *ran.result;
}

void Process::stop() {
    if (!alive() || ended_) return;
    stopping_ = true;
    asio::post(main(), [this] { loop_->stop(); });
    turn();
}

void Process::wake() {
    if (!alive() || ended_) return;
    asio::post(main(), [this] { loop_->wake(); });
    turn();
}

bool Process::believes() const {
    return alive() && !ended_ && hold && !knowledge.releasing && knowledge.term == hold->terms().term && hold->may_act();
}

// Everything that it has begun is destroyed where it waits, in no order that it could know.
void Process::kill() {
    if (dead_) return;
    parts.judge.ends(*this);
    dead_ = true;
    parts.metrics.set_lock_held_probe(lock_name, {});
    auto const doors = std::move(doors_);
    for (auto const& door : doors) door->drop();
    for (auto* lane : {&main_, &renewals_, &files_}) lane->drop();
    context_.end();
    for (auto* lane : {&main_, &renewals_, &files_}) lane->drop();
    hold.reset();
    loop_.reset();
    if (parts.files.flocked_by == nature.number) parts.files.flocked_by = 0;
}

void Process::pause(Duration duration) {
    paused_until_ = std::max(paused_until_, parts.world.now() + duration);
    parts.world.at(paused_until_, [process = weak_from_this()] {
        if (auto const self = process.lock()) self->turn();
    });
}

void Process::resume() {
    paused_until_ = stalled_until_ = Moment::min();
    turn();
}

void Process::stall(Duration duration) {
    stalled_until_ = std::max(stalled_until_, parts.world.now() + duration);
    parts.world.at(stalled_until_, [process = weak_from_this()] {
        if (auto const self = process.lock()) self->turn();
    });
}

void Process::turn() {
    if (turning_ || dead_) return;
    turning_ = true;
    run_lanes();
    turning_ = false;
    if (doomed_) return kill();
    if (knowledge.over && !paused()) parts.judge.heeds(*this);
    if (!hold || hold->deadline() == told_) return;
    told_ = hold->deadline();
    parts.judge.told(*this);
}

// Which of its threads gets on first, chance decides.
void Process::run_lanes() {
    while (!doomed_ && !paused()) {
        Lane* ready[3];
        std::size_t count = 0;
        if (!main_.idle() && !stalled()) ready[count++] = &main_;
        if (!renewals_.idle()) ready[count++] = &renewals_;
        if (!files_.idle()) ready[count++] = &files_;
        if (count > 0) {
            ready[count == 1 ? 0 : random.below(count)]->run_one();
            continue;
        }
        context_.poll();  // what a cancelled timer has to tell goes to its lane
        bool const more = !(main_.idle() || stalled()) || !renewals_.idle() || !files_.idle();
        if (!more) return;
    }
}

}  // namespace groomer::simulation
