#include "simulation/store.hpp"

#include "lock/token.hpp"
#include "pg/session.hpp"
#include "simulation/judge.hpp"
#include "simulation/tick.hpp"

namespace groomer::simulation {
namespace {

using Kind = Statement::Kind;

// What pg::Pool waits beyond a statement's own limit before it gives the connection up.
constexpr std::chrono::milliseconds longest_wait{2000};

[[noreturn]] void fail(Reply const& reply) { throw pg::DatabaseError{"as the world wants it", reply.sqlstate, reply.broken}; }

class Store final : public lock::LockStore {
public:
    explicit Store(Process& process) : process_{process}, seams_{process.parts.habits.seams} {}

    Task<> ensure(std::string lock) override {
        auto const statement = make(Kind::ensure, lock, 2000ms);
        auto const reply = co_await process_.ask(statement, statement->limit + longest_wait);
        if (reply.failed) fail(reply);
    }

    Task<std::optional<lock::Look>> look(std::string lock) override {
        auto const statement = make(Kind::look, lock, longest_wait);
        auto const sent = process_.parts.world.now();
        auto reply = co_await process_.ask(statement, statement->limit + longest_wait);
        if (reply.failed) fail(reply);
        if (!reply.look) co_return std::nullopt;
        truth_ = *reply.look;
        process_.parts.judge.looked(process_, truth_, sent, reply.executed, process_.parts.world.now());
        co_return shown(std::move(*reply.look));
    }

    Task<lock::Attempt> acquire(lock::Bid bid) override {
        auto const statement = make(Kind::acquire, bid.lock, 1000ms);
        if (bends_looks()) bid.seen = truth_;
        if (hides(truth_)) bid.ground = lock::Ground::future, bid.contact = false;
        auto const ttl = bid.ttl;
        statement->acquire = {std::move(bid), process_.nature.identity, std::to_string(process_.random.below(1'000'000'000))};
        auto const sent = process_.clock.now();
        auto const reply = co_await process_.ask(statement, statement->limit + longest_wait);
        lock::Attempt attempt;
        // 57014: waited in vain, as PgLockStore has it.
        if (reply.failed && reply.sqlstate != "57014") fail(reply);
        attempt.waited = reply.failed;
        if (!reply.grant) co_return attempt;
        process_.knowledge = {reply.grant->term, reply.grant->token, sent, sent, process_.clock.now(), ttl, false, false};
        attempt.grant = reply.grant;
        co_return attempt;
    }

    Task<bool> renew(std::string lock, std::string token, std::chrono::milliseconds ttl) override {
        auto const statement = make(Kind::renew, lock, 800ms);
        statement->token = token;
        statement->ttl = ttl;
        auto const sent = process_.clock.now();
        auto const reply = co_await process_.ask(statement, statement->limit + longest_wait);
        if (reply.failed) fail(reply);
        note_renewal(token, reply.truth, sent);
        if (!reply.truth && !seams_.heeds_refusals) throw pg::DatabaseError{"as a mutant has it", "", false};
        auto const& hold = process_.hold;
        if (!seams_.deadline_from_sending && reply.truth && hold && hold->terms().token == token) hold->renewed(process_.clock.now());
        co_return reply.truth;
    }

    Task<bool> release(lock::Release release) override {
        auto const statement = make(Kind::release, release.lock, 2000ms);
        statement->token = release.token;
        bend(release);
        if (process_.knowledge.token == release.token) process_.knowledge.releasing = true;
        process_.parts.judge.releases(process_, release);
        if (!seams_.awaits_own_quarantine) release.clean = process_.tick_was_clean;
        statement->release = std::move(release);
        auto const reply = co_await process_.ask(statement, statement->limit + longest_wait);
        if (reply.failed) fail(reply);
        co_return reply.truth;
    }

private:
    [[nodiscard]] std::shared_ptr<Statement> make(Kind kind, std::string const& lock, std::chrono::milliseconds limit) const {
        auto statement = std::make_shared<Statement>();
        statement->kind = kind;
        statement->client = process_.nature.number;
        statement->lock = lock;
        statement->limit = limit;
        return statement;
    }

    // A confirmation that comes after the deadline brings nothing back.
    void note_renewal(std::string const& token, bool renewed, BootTime::time_point sent) {
        auto& known = process_.knowledge;
        if (known.token != token) return;
        if (!renewed || process_.clock.now() >= known.deadline()) known.over = true;
        if (known.over) return;
        known.confirmed = std::max(known.confirmed, sent);
        known.proved = std::max(known.proved, sent);
    }

    [[nodiscard]] bool bends_looks() const {
        return !seams_.sees_steps || !seams_.sees_clusters || !seams_.reclaims_in_cluster || !seams_.watches_future ||
               !seams_.bounds_ttls || !seams_.sees_versions;
    }

    // What a mutant makes of how its hold is to be released.
    void bend(lock::Release& release) const {
        if (!seams_.next_in_time) release.next *= 8;
        if (!seams_.next_not_early) release.next = 250ms;
        if (!seams_.partial_is_kept && process_.nature.part && release.ended == lock::Ended::kept) release.ended = lock::Ended::finished;
    }

    // Of another run in the same slot.
    [[nodiscard]] bool is_predecessors(std::optional<std::string> const& text) const {
        auto const token = text ? lock::parse_token(*text) : std::nullopt;
        auto const& me = process_.nature.identity;
        return token && !me.slot.empty() && token->slot == me.slot && token->incarnation != me.incarnation;
    }

    // Shown as if nobody had the row, so that it is bid for at once.
    [[nodiscard]] bool hides(lock::Look const& look) const {
        auto const token = look.token ? lock::parse_token(*look.token) : std::nullopt;
        return !seams_.watches_future && look.row && token && look.age < 0 && token->incarnation != process_.nature.identity.incarnation;
    }

    // A mutant shows the loop another picture than the database gave, and bids with the true one.
    lock::Look shown(lock::Look look) {
        if (!seams_.sees_steps) {
            auto const since = std::chrono::duration<double>(process_.clock.now().time_since_epoch()).count();
            look.database_time = since;
        }
        if (!seams_.sees_versions) look.version.clear();
        if (!seams_.sees_clusters || (!seams_.reclaims_in_cluster && is_predecessors(look.token))) {
            look.state_cluster = look.cluster;
            auto const token = look.token ? lock::parse_token(*look.token) : std::nullopt;
            if (token && token->incarnation != process_.nature.identity.incarnation) {
                auto const bar = look.token->rfind('|');
                look.token->replace(bar - 8, 8, look.timeline());
            }
        }
        if (hides(look)) look.token.reset();
        if (!seams_.bounds_ttls && look.token && look.token->starts_with("g1|0|")) look.token->replace(3, 1, "1000");
        return look;
    }

    Process& process_;
    Seams const& seams_;
    lock::Look truth_;
};

}  // namespace

std::unique_ptr<lock::LockStore> make_store(Process& process) { return std::make_unique<Store>(process); }

}  // namespace groomer::simulation
