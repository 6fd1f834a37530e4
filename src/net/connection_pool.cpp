#include "net/connection_pool.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>

namespace groomer::net {

// In the queue until it has a place, or goes without one.
struct ConnectionPool::Waiter {
    Waiter(ConnectionPool& p, std::string const& o, TimePoint until)
        : pool{p}, origin{o}, timer{p.executor_, until}, queue{p.origins_[o].waiters}, at{queue.insert(queue.end(), this)} {}
    Waiter(Waiter const&) = delete;
    Waiter& operator=(Waiter const&) = delete;
    ~Waiter() {
        if (place) return;
        queue.erase(at);
        pool.forget_if_unused(origin);
    }

    ConnectionPool& pool;
    std::string const& origin;
    asio::steady_timer timer;
    std::list<Waiter*>& queue;  // an origin with a waiter is not forgotten
    std::list<Waiter*>::iterator at;
    std::unique_ptr<Place> place;
};

ConnectionPool::ConnectionPool(asio::any_io_executor executor, ClientOptions const& options)
    : max_connections_{std::max<std::size_t>(options.max_connections, 1)},
      idle_timeout_{options.idle_timeout},
      sweep_{executor},
      executor_{executor} {}

Task<ConnectionPool::Place> ConnectionPool::take(std::string origin, TimePoint until) {
    auto const self = shared_from_this();
    Origin& all = origins_[origin];
    auto connection = all.waiters.empty() ? take_idle(all) : nullptr;
    if (connection || (all.waiters.empty() && all.taken < max_connections_)) {
        ++all.taken;
        co_return Place{self, origin, std::move(connection)};
    }
    Waiter waiter{*this, origin, until};
    auto [error] = co_await waiter.timer.async_wait(asio::as_tuple(asio::use_awaitable));
    if (waiter.place) co_return std::move(*waiter.place);
    if (error) throw boost::system::system_error{error};
    throw Failed{Stage::connect, "no connection came free in time"};
}

// The latest that is of use still: those before it have more cause to be closed.
std::unique_ptr<Connection> ConnectionPool::take_idle(Origin& origin) {
    while (!origin.idle.empty()) {
        auto connection = std::move(origin.idle.back().connection);
        bool const in_time = origin.idle.back().until > std::chrono::steady_clock::now();
        origin.idle.pop_back();
        if (in_time && connection->is_reusable()) return connection;
    }
    return nullptr;
}

void ConnectionPool::give_back(std::string const& name, std::unique_ptr<Connection> connection) {
    if (connection && !connection->is_reusable()) connection.reset();
    Origin& origin = origins_[name];
    if (!origin.waiters.empty()) {
        // The place goes on to the first in the queue, and is counted as before.
        Waiter& next = *origin.waiters.front();
        origin.waiters.pop_front();
        next.place = std::make_unique<Place>(shared_from_this(), name, std::move(connection));
        next.timer.cancel();
        return;
    }
    --origin.taken;
    if (connection) {
        origin.idle.push_back({std::move(connection), std::chrono::steady_clock::now() + idle_timeout_});
        sweep_later();
    }
    forget_if_unused(name);
}

void ConnectionPool::forget_if_unused(std::string const& name) {
    auto const origin = origins_.find(name);
    if (origin->second.taken == 0 && origin->second.idle.empty() && origin->second.waiters.empty()) origins_.erase(origin);
}

void ConnectionPool::close_idle() {
    for (auto origin = origins_.begin(); origin != origins_.end();) {
        origin->second.idle.clear();
        std::string const& name = (origin++)->first;
        forget_if_unused(name);
    }
    sweep_.cancel();
}

void ConnectionPool::sweep_later() {
    if (sweeping_) return;
    TimePoint next = TimePoint::max();
    for (auto const& [name, origin] : origins_)
        for (Idle const& idle : origin.idle) next = std::min(next, idle.until);
    if (next == TimePoint::max()) return;
    sweeping_ = true;
    sweep_.expires_at(next);
    sweep_.async_wait([weak = weak_from_this()](boost::system::error_code) {
        if (auto const self = weak.lock()) self->sweep();
    });
}

void ConnectionPool::sweep() {
    sweeping_ = false;
    auto const now = std::chrono::steady_clock::now();
    for (auto origin = origins_.begin(); origin != origins_.end();) {
        std::erase_if(origin->second.idle, [now](Idle const& idle) { return idle.until <= now; });
        std::string const& name = (origin++)->first;
        forget_if_unused(name);
    }
    sweep_later();
}

}  // namespace groomer::net
