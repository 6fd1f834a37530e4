// The connections to each origin: how many there may be, which are kept, and who waits for one, first come first served. On one
// executor only.
#pragma once

#include "net/failed.hpp"
#include "net/http_connection.hpp"

#include <cstddef>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace groomer::net {

class ConnectionPool : public std::enable_shared_from_this<ConnectionPool> {
public:
    // A place among an origin's connections. With its end the connection is kept, if it can be used again, or else closed, and the
    // next in the queue has the place.
    class Place {
    public:
        Place(std::shared_ptr<ConnectionPool> pool, std::string origin, std::unique_ptr<Connection> kept)
            : connection{std::move(kept)}, pool_{std::move(pool)}, origin_{std::move(origin)} {}
        Place(Place&&) noexcept = default;
        Place& operator=(Place&&) = delete;
        ~Place() {
            if (pool_) pool_->give_back(origin_, std::move(connection));
        }

        std::unique_ptr<Connection> connection;  // null: none was kept; open one

    private:
        std::shared_ptr<ConnectionPool> pool_;
        std::string origin_;
    };

    ConnectionPool(asio::any_io_executor executor, ClientOptions const& options);

    // Throws Failed(connect) where no place came free in time.
    Task<Place> take(std::string origin, TimePoint until);
    void close_idle();

private:
    struct Idle {
        std::unique_ptr<Connection> connection;
        TimePoint until;
    };
    struct Waiter;
    struct Origin {
        std::size_t taken = 0;
        std::vector<Idle> idle;  // the latest last
        std::list<Waiter*> waiters;
    };

    std::unique_ptr<Connection> take_idle(Origin& origin);
    void give_back(std::string const& origin, std::unique_ptr<Connection> connection);
    void forget_if_unused(std::string const& origin);
    void sweep_later();
    void sweep();

    std::size_t const max_connections_;
    std::chrono::milliseconds const idle_timeout_;
    std::map<std::string, Origin> origins_;
    asio::steady_timer sweep_;
    bool sweeping_ = false;
    asio::any_io_executor const executor_;
};

}  // namespace groomer::net
