// The addresses of host names. getaddrinfo blocks and cannot be stopped, and all of an io_context's async_resolve share one thread and
// delay each other, so each name is looked up on a thread of its own, which nobody waits for past his time. There is one at most for
// each name: who asks for one that is being looked up gets that result, too.
#pragma once

#include "net/failed.hpp"

#include <boost/asio/ip/address.hpp>

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace groomer::net {

class NameLookup : public std::enable_shared_from_this<NameLookup> {
public:
    using Lookup = std::function<std::vector<std::string>(std::string const& host)>;

    // Without a lookup: getaddrinfo.
    NameLookup(asio::any_io_executor executor, Lookup lookup);
    ~NameLookup() { close(); }
    NameLookup(NameLookup const&) = delete;
    NameLookup& operator=(NameLookup const&) = delete;

    // At least one. Throws Failed.
    Task<std::vector<asio::ip::address>> find(std::string host, TimePoint until);
    // From now on no thread reaches for the executor.
    void close();

private:
    struct Search;
    struct Way;

    std::shared_ptr<Search> search_for(std::string const& host);
    void start(std::string const& host);
    void finish(std::string const& host, std::vector<std::string> addresses, std::string error);

    asio::any_io_executor const executor_;
    Lookup const lookup_;
    std::shared_ptr<Way> way_;
    std::map<std::string, std::shared_ptr<Search>> searches_;  // under way
};

}  // namespace groomer::net
