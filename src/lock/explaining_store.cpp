#include "lock/explaining_store.hpp"

#include "lock/shared_table.hpp"
#include "pg/pool.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

namespace groomer::lock {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::seconds short_work{10};
constexpr auto rest = 1s;  // renewals in trouble are tried ten times a second

class ExplainingStore final : public LockStore {
public:
    ExplainingStore(std::unique_ptr<LockStore> store, pg::Pool& pool, Log& log, asio::any_io_executor executor)
        : store_{std::move(store)}, pool_{pool}, log_{log}, executor_{std::move(executor)} {}

    void watch(std::string const& lock, Watcher watcher) override { store_->watch(lock, std::move(watcher)); }
    Task<> ensure(std::string lock) override { return store_->ensure(std::move(lock)); }
    Task<std::optional<Look>> look(std::string lock) override { return explained(store_->look(std::move(lock))); }
    Task<Attempt> acquire(Bid bid) override {
        auto asking = explained(store_->acquire(std::move(bid)));
        auto attempt = co_await std::move(asking);
        if (attempt.grant) told_.clear();
        co_return attempt;
    }
    Task<bool> renew(std::string lock, std::string token, milliseconds ttl) override {
        return explained(store_->renew(std::move(lock), std::move(token), ttl));
    }
    Task<bool> release(Release release) override { return explained(store_->release(std::move(release))); }

private:
    // A lost connection and a lost race say nothing of the table.
    template <class T>
    Task<T> explained(Task<T> asking) {
        try {
            co_return co_await std::move(asking);
        } catch (pg::DatabaseError const& error) {
            if (!error.broken() && !error.lost_race()) asio::post(executor_, [this] { explain(); });
            throw;
        }
    }

    void explain() {
        if (looking_ || BootTime::now() < looked_ + rest) return;
        looking_ = true;
        asio::co_spawn(executor_, tell(), asio::detached);
    }

    // No guard: where the executor has stopped for good, this object is gone before the coroutine is.
    Task<> tell() {
        auto check = [](pg::Session& session) { return examine_shared_table(session, Missing::fault).fault.value_or(""); };
        auto checking = pool_.with_session(short_work, check);
        std::optional<std::string> fault;
        try {
            fault = co_await std::move(checking);
        } catch (pg::DatabaseError const&) {  // told by whoever meets it
        }
        if (fault && !fault->empty() && *fault != told_) log_.error(*fault, {{"component", "lock"}});
        if (fault) told_ = *fault;
        looked_ = BootTime::now();
        looking_ = false;
    }

    std::unique_ptr<LockStore> store_;
    pg::Pool& pool_;
    Log& log_;
    asio::any_io_executor executor_;
    std::string told_;  // since the lock was last taken; "" for nothing
    BootTime::time_point looked_ = BootTime::time_point::min() + rest;
    bool looking_ = false;
};

}  // namespace

std::unique_ptr<LockStore> make_explaining_store(std::unique_ptr<LockStore> store, pg::Pool& pool, Log& log,
                                                 asio::any_io_executor executor) {
    return std::make_unique<ExplainingStore>(std::move(store), pool, log, std::move(executor));
}

}  // namespace groomer::lock
