#include "net/name_lookup.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/system/system_error.hpp>

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>

namespace groomer::net {
namespace {

std::vector<std::string> system_lookup(std::string const& host) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (int const error = ::getaddrinfo(host.c_str(), nullptr, &hints, &found); error != 0)
        throw std::runtime_error{error == EAI_SYSTEM ? std::generic_category().message(errno) : ::gai_strerror(error)};
    std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> const owner{found, &::freeaddrinfo};
    std::vector<std::string> addresses;
    for (addrinfo const* one = found; one; one = one->ai_next) {
        std::array<char, NI_MAXHOST> text{};
        if (::getnameinfo(one->ai_addr, one->ai_addrlen, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) == 0)
            addresses.emplace_back(text.data());
    }
    return addresses;
}

}  // namespace

struct NameLookup::Search {
    bool done = false;
    std::vector<std::string> addresses;
    std::string error;
    std::list<asio::steady_timer*> waiting;
};

// How a thread's result gets to the executor, as long as that is there.
struct NameLookup::Way {
    std::mutex mutex;  // protects all below
    std::optional<asio::any_io_executor> executor;
};

namespace {

class Waiting {
public:
    Waiting(std::list<asio::steady_timer*>& all, asio::steady_timer& timer) : all_{all}, at_{all.insert(all.end(), &timer)} {}
    ~Waiting() { all_.erase(at_); }
    Waiting(Waiting const&) = delete;
    Waiting& operator=(Waiting const&) = delete;

private:
    std::list<asio::steady_timer*>& all_;
    std::list<asio::steady_timer*>::iterator at_;
};

}  // namespace

NameLookup::NameLookup(asio::any_io_executor executor, Lookup lookup)
    : executor_{executor}, lookup_{lookup ? std::move(lookup) : system_lookup}, way_{std::make_shared<Way>()} {
    way_->executor = executor;
}

void NameLookup::close() {
    std::lock_guard const lock{way_->mutex};
    way_->executor.reset();
}

Task<std::vector<asio::ip::address>> NameLookup::find(std::string host, TimePoint until) {
    boost::system::error_code error;
    std::vector<asio::ip::address> addresses{asio::ip::make_address(host, error)};
    if (!error) co_return addresses;
    addresses.clear();
    std::shared_ptr<Search> const search = search_for(host);
    {
        asio::steady_timer timer{executor_, until};
        Waiting const waiting{search->waiting, timer};
        auto [woken] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
        if (woken && !search->done) throw boost::system::system_error{asio::error::operation_aborted};
    }
    if (!search->done) throw Failed{Stage::resolve, host + " could not be looked up in time"};
    for (std::string const& text : search->addresses) {
        auto const address = asio::ip::make_address(text, error);
        if (!error && std::find(addresses.begin(), addresses.end(), address) == addresses.end()) addresses.push_back(address);
    }
    if (addresses.empty()) throw Failed{Stage::resolve, host + " has no address: " + search->error};
    co_return addresses;
}

std::shared_ptr<NameLookup::Search> NameLookup::search_for(std::string const& host) {
    if (auto const found = searches_.find(host); found != searches_.end()) return found->second;
    start(host);
    return searches_[host] = std::make_shared<Search>();
}

void NameLookup::start(std::string const& host) {
    auto search = [weak = weak_from_this(), way = way_, lookup = lookup_, host] {
        std::vector<std::string> addresses;
        std::string error = "none was found";
        try {
            addresses = lookup(host);
        } catch (std::exception const& e) {
            error = e.what();
        }
        std::lock_guard const lock{way->mutex};
        if (!way->executor) return;
        asio::post(*way->executor, [weak, host, addresses = std::move(addresses), error = std::move(error)]() mutable {
            if (auto const self = weak.lock()) self->finish(host, std::move(addresses), std::move(error));
        });
    };
    try {
        std::thread{std::move(search)}.detach();
    } catch (std::system_error const& e) {
        throw Failed{Stage::resolve, std::string{"no thread for a lookup: "} + e.what()};
    }
}

void NameLookup::finish(std::string const& host, std::vector<std::string> addresses, std::string error) {
    auto const search = searches_.extract(host).mapped();
    search->done = true;
    search->addresses = std::move(addresses);
    search->error = std::move(error);
    for (asio::steady_timer* timer : search->waiting) timer->cancel();
}

}  // namespace groomer::net
