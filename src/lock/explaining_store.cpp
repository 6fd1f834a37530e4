#include "lock/explaining_store.hpp"

#include "lock/shared_table.hpp"
#include "pg/pool.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <map>

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
    Task<std::optional<Look>> look(std::string lock) override { return explained(lock, store_->look(lock)); }
    Task<Attempt> acquire(Bid bid) override { return explained(bid.lock, store_->acquire(bid)); }
    Task<bool> renew(std::string lock, std::string token, milliseconds ttl) override {
        return explained(lock, store_->renew(lock, std::move(token), ttl));
    }
    Task<bool> release(Release release) override {
        auto const lock = release.lock;
        auto asking = explained(lock, store_->release(std::move(release)));
        bool const released = co_await std::move(asking);
        if (released) told_.erase(lock);  // all went well, from the first look to the end
        co_return released;
    }

private:
    // A lost connection and a lost race say nothing of the table.
    template <class T>
    Task<T> explained(std::string lock, Task<T> asking) {
        try {
            co_return co_await std::move(asking);
        } catch (pg::DatabaseError const& error) {
            if (!error.broken() && !error.lost_race()) asio::post(executor_, [this, lock] { explain(lock); });
            throw;
        }
    }

    void explain(std::string const& lock) {
        if (looking_ || BootTime::now() < looked_ + rest) return;
        looking_ = true;
        asio::co_spawn(executor_, tell(lock), asio::detached);  // it throws nothing
    }

    // No guard: where the executor has stopped for good, this object is gone before the coroutine is.
    Task<> tell(std::string lock) {
        auto check = [](pg::Session& session) { return examine_shared_table(session, Missing::fault).fault.value_or(""); };
        auto checking = pool_.with_session(short_work, check);
        std::optional<std::string> fault;
        try {
            fault = co_await std::move(checking);
        } catch (std::exception const&) {  // told by whoever meets it
        }
        if (fault && !fault->empty() && *fault != told_[lock]) log_.error(*fault, {{"component", "lock"}, {"lock", lock}});
        if (fault) told_[lock] = *fault;
        looked_ = BootTime::now();
        looking_ = false;
    }

    std::unique_ptr<LockStore> store_;
    pg::Pool& pool_;
    Log& log_;
    asio::any_io_executor executor_;
    std::map<std::string, std::string> told_;  // of a lock, since it was last released; "" for nothing
    BootTime::time_point looked_ = BootTime::time_point::min() + rest;
    bool looking_ = false;
};

}  // namespace

std::unique_ptr<LockStore> make_explaining_store(std::unique_ptr<LockStore> store, pg::Pool& pool, Log& log,
                                                 asio::any_io_executor executor) {
    return std::make_unique<ExplainingStore>(std::move(store), pool, log, std::move(executor));
}

}  // namespace groomer::lock
