#include "simulation/trackers.hpp"

#include "simulation/judge.hpp"

#include <boost/asio/as_tuple.hpp>

namespace groomer::simulation {

using tracker::IssueRef;
using tracker::WriteGuard;
using tracker::WriteOutcome;
using tracker::WriteResult;

Key key_of(IssueRef const& ref, std::string const& label) { return ref.number * 10 + (label.back() - '0'); }

// -------------------------------------------------------------------------------------------------------- the far end

Site::Handle Site::send(Request request, std::chrono::milliseconds limit, std::function<void()> landed) {
    auto const handle = std::make_shared<Request>(request);
    handle->sent = world_.now();
    handle->delay = world_.random.fraction();
    bool const slow_one = slow > 0 && world_.random.chance(slow);
    if (slow_one) {
        counts_.add(Event::slow_effect);
        handle->never = world_.random.chance(0.2);
    }
    // Whole-request timeout and settle: the latest that an effect can come, whatever its sender does meanwhile.
    handle->lands = world_.now() + (slow_one ? world_.random.between(10ms, limit + settle_) : world_.random.between(10ms, 150ms));
    wait_to_land(handle, std::move(landed));
    return handle;
}

void Site::wait_to_land(Handle const& request, std::function<void()> landed) {
    world_.at(request->lands, [this, request, at = request->lands, landed = std::move(landed)] {
        if (request->landed || request->never || request->lands != at) return;
        request->landed = true;
        land(*request);
        if (landed) landed();
    });
}

// Its sender has gone, or waits no longer: it may take effect until settle from now.
void Site::cut(Handle const& request) {
    if (request->landed || request->cut) return;
    request->cut = true;
    auto const latest = world_.now() + Duration{static_cast<std::int64_t>(request->delay * static_cast<double>(Duration{settle_}.count()))};
    if (request->lands <= latest) return;
    request->lands = latest;
    wait_to_land(request, {});
}

void Site::land(Request const& request) {
    carried_.insert(request.key);
    judge_.landed(*this, request);
    newest_term_ = std::max(newest_term_, request.term);
}

// --------------------------------------------------------------------------------------------------------- the near end

namespace {

// What both have in common, and a tick does not ask for.
class Near : public tracker::Tracker {
public:
    Near(Process& process, Site& site) : process_{process}, site_{site} {}
    [[nodiscard]] std::chrono::milliseconds settle() const override { return site_.settle(); }
    Task<tracker::Page> changes(std::string, std::size_t) override { co_return tracker::Page{}; }
    Task<std::optional<tracker::Issue>> read(IssueRef) override { co_return std::nullopt; }
    Task<std::vector<WriteResult>> add_labels(IssueRef ref, std::vector<std::string> labels, WriteGuard guard) override {
        std::vector<WriteResult> results;
        for (auto& label : labels) {
            auto adding = add_label(ref, std::move(label), guard);
            auto result = co_await std::move(adding);
            results.push_back(std::move(result));
        }
        co_return std::move(results);
    }
    Task<WriteResult> remove_label(IssueRef ref, std::string label, WriteGuard guard) override {
        return add_label(std::move(ref), std::move(label), std::move(guard));
    }

protected:
    virtual Task<WriteResult> add_label(IssueRef ref, std::string label, WriteGuard guard) = 0;

    Process& process_;
    Site& site_;
};

class RemoteTracker final : public Near {
public:
    using Near::Near;

    Task<WriteResult> add_label(IssueRef ref, std::string label, WriteGuard guard) override {
        // Compare before write: the issue is read again.
        auto const reading = process_.random.between(2ms, 20ms);
        co_await process_.clock.sleep_for(reading);
        Key const key = key_of(ref, label);
        if (site_.carries(key)) co_return WriteResult{WriteOutcome::already, "", {}};
        if (!guard.may_act()) co_return WriteResult{WriteOutcome::withheld, "", {}};
        bool const stopped = co_await process_.pass(Point::before_send);
        if (site_.failing > 0 && process_.random.chance(site_.failing)) co_return WriteResult{WriteOutcome::failed, "refused", {}};
        co_return co_await request(key, guard.term, stopped);
    }

    Task<WriteResult> finish_pass(WriteGuard) override { co_return WriteResult{WriteOutcome::already, "", {}}; }

private:
    // However its sender ends, cancelled or killed: what is not answered by then is cut.
    struct Cut {
        Site& site;
        Site::Handle request;
        ~Cut() { site.cut(request); }
    };

    Task<WriteResult> request(Key key, std::int64_t term, bool stopped) {
        auto const limit = process_.parts.settings.write_limit();
        Site::Request out;
        out.key = key;
        out.term = term;
        out.late = process_.parts.judge.sends(process_, term, stopped);
        auto const parked = process_.make_parked(process_.main());
        std::weak_ptr<Parked> const answered = parked;
        auto const reply_takes = process_.random.between(5ms, 50ms);
        auto& world = process_.parts.world;
        auto const landed = [&world, process = process_.weak_from_this(), answered, reply_takes] {
            world.after(reply_takes, [process, answered] {
                if (auto const p = process.lock()) p->wake(answered);
            });
        };
        Cut const cut{site_, site_.send(out, limit, landed)};
        process_.struck(Point::tracker_sent);
        auto const until = process_.clock.now() + limit;
        world.at(process_.clock.when(until), [process = process_.weak_from_this(), answered] {
            if (auto const p = process.lock()) p->wake(answered);
        });
        co_await process_.park(parked);
        process_.parts.counts.add(Event::tracker_write);
        if (cut.request->landed && process_.clock.now() < until) co_return WriteResult{};
        process_.parts.counts.add(Event::tracker_unanswered);
        // Not before it is settled may anybody look whether it took effect.
        co_return WriteResult{WriteOutcome::failed, "no answer", site_.settle()};
    }
};

class FileTracker final : public Near {
public:
    using Near::Near;

    Task<WriteResult> add_label(IssueRef ref, std::string label, WriteGuard guard) override {
        auto const result = std::make_shared<WriteResult>();
        Key const key = key_of(ref, label);
        auto const work = [this, key, guard, result](std::function<void()> const& done) { begin(key, guard, result, done, 0); };
        co_await process_.on_files_thread(work);
        co_return *result;
    }

    Task<WriteResult> finish_pass(WriteGuard guard) override {
        IssueRef const ref{copy, 1'000'000 + static_cast<std::int64_t>(process_.random.below(1'000'000'000))};
        return add_label(ref, "0", std::move(guard));
    }

private:
    static constexpr char const* copy = "copy";
    using Done = std::function<void()>;
    using Result = std::shared_ptr<WriteResult>;

    // On the files thread, which nothing interrupts but a pause of the whole process: takes the flock, judges, writes.
    void begin(Key key, WriteGuard const& guard, Result const& result, Done const& done, int tries) {
        constexpr int patience = 20;  // of 100 ms each
        auto& world = process_.parts.world;
        if (site_.flocked_by != 0) {
            *result = {WriteOutcome::failed, "is locked by another process", {}};
            if (tries == patience) return done();
            world.after(100ms, [this, process = process_.weak_from_this(), key, guard, result, done, tries] {
                auto const p = process.lock();
                if (!p || !p->alive()) return;
                p->post_to_files([this, key, guard, result, done, tries] { begin(key, guard, result, done, tries + 1); });
                p->turn();
            });
            return;
        }
        if (guard.term < site_.newest_term()) *result = {WriteOutcome::fenced, "a later term has written", {}};
        else if (site_.carries(key)) *result = {WriteOutcome::already, "", {}};
        else if (!guard.may_act()) *result = {WriteOutcome::withheld, "", {}};
        else return write(key, guard.term, done);
        done();
    }

    // A process that is stopped here has the flock for as long.
    void write(Key key, std::int64_t term, Done const& done) {
        site_.flocked_by = process_.nature.number;
        bool const stopped = process_.struck(Point::before_send);
        auto const effect = [this, key, term, stopped, done] {
            Site::Request request;
            request.key = key;
            request.term = term;
            request.sent = process_.parts.world.now();
            request.late = process_.parts.judge.sends(process_, term, stopped, key < 10'000'000);
            site_.land(request);
            site_.flocked_by = 0;
            process_.parts.counts.add(Event::tracker_write);
            done();
        };
        if (stopped) process_.post_to_files(effect);
        else effect();
    }
};

}  // namespace

std::unique_ptr<tracker::Tracker> make_remote_tracker(Process& process, Site& site) {
    return std::make_unique<RemoteTracker>(process, site);
}
std::unique_ptr<tracker::Tracker> make_file_tracker(Process& process, Site& site) { return std::make_unique<FileTracker>(process, site); }

}  // namespace groomer::simulation
