#include "simulation/network.hpp"

#include <utility>

namespace groomer::simulation {
namespace {

Reply lost_connection() {
    Reply reply;
    reply.failed = reply.broken = true;
    return reply;
}

}  // namespace

bool Network::befalls(double probability, Event event) {
    if (probability <= 0 || !world_.random.chance(probability)) return false;
    counts_.add(event);
    return true;
}

Duration Network::travel(double slow, Event event) {
    return befalls(slow, event) ? world_.random.between(50ms, 6s) : world_.random.between(100us, 2ms);
}

void Network::end(Open const& exchange, Reply reply) {
    if (auto const done = std::exchange(exchange->done, {})) done(std::move(reply));
}

void Network::fail(Open const& exchange, Duration after) {
    world_.after(after, [this, exchange] { end(exchange, lost_connection()); });
}

void Network::send(Sent statement, Duration patience, Server::Answer done) {
    auto const exchange = std::make_shared<Exchange>(Exchange{std::move(done), name(statement->kind)});
    if (open_.size() > 64) std::erase_if(open_, [](auto const& open) { return open.expired(); });
    open_.push_back(exchange);
    world_.after(patience, [this, exchange] {
        if (!exchange->done) return;
        counts_.add(Event::client_gave_up);
        end(exchange, lost_connection());
    });
    auto const on_its_way = travel(weather.slows_request, Event::slow_request);
    if (befalls(weather.resets, Event::reset_connection)) {  // what was sent may arrive all the same
        fail(exchange, world_.random.between(1ms, 50ms));
        if (world_.random.chance(0.5)) return;
    }
    if (no_requests.contains(statement->client) || befalls(weather.loses_request, Event::lost_request)) {
        if (world_.random.chance(0.5)) fail(exchange, world_.random.between(1ms, patience));
        return;
    }
    auto const generation = server_.generation();
    auto const arrives = [this, exchange, statement, generation] { deliver(exchange, statement, generation); };
    world_.after(on_its_way, arrives);
    if (befalls(weather.repeats, Event::repeated_request)) world_.after(on_its_way + world_.random.between(1ms, 3s), arrives);
}

void Network::deliver(Open const& exchange, Sent const& statement, std::uint64_t generation) {
    bool const connected = pooled || generation == server_.generation();
    if (!server_.up() || !connected) return fail(exchange, world_.random.between(100us, 20ms));
    server_.arrive(
        statement, [this, exchange, statement](Reply reply) { answer(exchange, statement, std::move(reply)); },
        [this, exchange] { fail(exchange, world_.random.chance(0.7) ? world_.random.between(100us, 20ms) : Duration{2s}); });
}

void Network::answer(Open const& exchange, Sent const& statement, Reply reply) {
    if (no_replies.contains(statement->client) || befalls(weather.loses_reply, Event::lost_reply)) return;
    world_.after(travel(weather.slows_reply, Event::slow_reply), [this, exchange, reply = std::move(reply)] { end(exchange, reply); });
}

void Network::break_connections() {
    for (auto const& open : open_)
        if (auto const exchange = open.lock(); exchange && exchange->done) fail(exchange, world_.random.between(1ms, 20ms));
    open_.clear();
}

}  // namespace groomer::simulation
