#include "chaos/fake_model.hpp"

#include "chaos/fake_tracker.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/value_to.hpp>

namespace groomer::chaos {
namespace {

namespace json = boost::json;

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);

}  // namespace

FakeModel::FakeModel(asio::io_context& io, std::uint64_t seed)
    : io_{io}, random_{seed}, server_{io, [this](LineServer::Request request) { return handle(request); }} {}

std::vector<ModelRequest> FakeModel::requests() const {
    std::lock_guard const guard{mutex_};
    return requests_;
}

asio::awaitable<void> FakeModel::handle(LineServer::Request request) {
    ModelRequest entry;
    entry.pod = json::value_to<std::string>(request.body.at("pod"));
    entry.issue = request.body.at("number").to_number<std::int64_t>();
    entry.revision = revision_in(json::value_to<std::string>(request.body.at("title")));
    entry.received = now();
    std::size_t index = 0;
    milliseconds thinks{0};
    {
        std::lock_guard const guard{mutex_};
        index = requests_.size();
        requests_.push_back(entry);
        // 20 ms to 1 s, mostly short.
        std::uniform_real_distribution<double> chance{0, 1};
        auto const draw = chance(random_);
        thinks = milliseconds{20 + static_cast<int>(980 * draw * draw * draw)};
    }
    struct Watch {
        explicit Watch(asio::io_context& io) : timer{io} {}
        asio::steady_timer timer;
        bool cut = false;
    };
    auto const watch = std::make_shared<Watch>(io_);
    request.socket.async_wait(tcp::socket::wait_read, [watch](boost::system::error_code) {
        watch->cut = true;
        watch->timer.cancel();
    });
    watch->timer.expires_after(thinks);
    auto [error] = co_await watch->timer.async_wait(quietly);
    (void)error;
    {
        std::lock_guard const guard{mutex_};
        (watch->cut ? requests_[index].cut : requests_[index].answered) = now();
    }
    if (watch->cut) co_return;
    json::object reply;
    for (auto const& [family, label] : labels_wanted(entry.issue, entry.revision)) reply[family] = label;
    auto answering = answer(request.socket, std::move(reply));
    co_await std::move(answering);
}

}  // namespace groomer::chaos
