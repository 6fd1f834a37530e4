// What the status page shows, as one JSON object: made from the database at most once a second, whoever asks, and the same for all.
#pragma once

#include "api/lock.hpp"
#include "base/async.hpp"
#include "net/http.hpp"
#include "store/status.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace groomer::api {

struct BudgetLimit {
    std::string unit;  // tokens | usd
    double limit = 0;
    std::vector<std::string> repos;  // that it keeps from spending; none: it is for all
};

// What the database does not know: of this replica, and of its configuration as it is now.
struct StatusView {
    std::string version, replica;
    std::string mode;  // dry-run | suggest | apply | mixed
    bool public_page = false;
    LockView lock;
    std::string sync_lock;
    std::chrono::milliseconds groom_every{0}, sync_every{0};
    store::Links links;
    std::string families;                // as store::counts wants them
    std::vector<BudgetLimit> a_day;      // none: nothing is limited
    std::vector<std::string> on_github;  // sources
};

struct Snapshot {
    std::string json;
    std::string digest;                        // of all but the moment at which it was made
    std::shared_ptr<std::string const> event;  // the same as a server-sent event
};

// On one single-threaded executor.
class Status {
public:
    using View = std::function<StatusView()>;
    Status(store::Store& store, Clock& clock, asio::any_io_executor executor, View view);

    // A second old at most, or as long as it takes to make a newer one. Null where the database did not answer, within the last second or now.
    Task<std::shared_ptr<Snapshot const>> get();

private:
    Task<std::shared_ptr<Snapshot const>> make();
    Task<store::Counts> counts(std::string families);

    store::Store& store_;
    Clock& clock_;
    View view_;
    std::shared_ptr<Snapshot const> last_;
    std::optional<BootTime::time_point> made_at_;  // or was not
    bool making_ = false;
    asio::steady_timer made_;
    std::optional<store::Counts> counts_;
    BootTime::time_point counts_good_until_{};
};

// The most that wait at once for a status that is being made where there is none yet: others get 503. What is kept is given to all.
constexpr std::size_t most_waiters = 64;

// `GET /api/status`.
net::Handler status_handler(std::shared_ptr<Status> status, std::size_t most = most_waiters);

}  // namespace groomer::api
