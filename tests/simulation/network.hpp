// Between the replicas and the database: messages that are lost, late, repeated or overtaken, and connections that break.
#pragma once

#include "simulation/counts.hpp"
#include "simulation/server.hpp"
#include "simulation/world.hpp"

#include <functional>
#include <memory>
#include <set>
#include <vector>

namespace groomer::simulation {

// How likely each of these befalls a message.
struct Weather {
    double loses_request = 0;
    double loses_reply = 0;
    double slows_request = 0;
    double slows_reply = 0;
    double repeats = 0;
    double resets = 0;
};

class Network {
public:
    Network(World& world, Counts& counts, Server& server) : world_{world}, counts_{counts}, server_{server} {}

    // `done` is called once: with what the server says, or when the connection has broken, or after `patience`.
    void send(Sent statement, Duration patience, Server::Answer done);
    // Whatever still waits for something that was lost hears of it now.
    void break_connections();

    Weather weather;
    std::set<int> no_requests, no_replies;  // clients that are cut off one way
    bool pooled = false;                    // what is under way reaches the server that there is then, restarted or promoted

private:
    struct Exchange {
        Server::Answer done;
        std::string what;
    };
    using Open = std::shared_ptr<Exchange>;

    void end(Open const& exchange, Reply reply);
    void fail(Open const& exchange, Duration after);
    void deliver(Open const& exchange, Sent const& statement, std::uint64_t generation);
    void answer(Open const& exchange, Sent const& statement, Reply reply);
    bool befalls(double probability, Event event);
    Duration travel(double slow, Event event);

    World& world_;
    Counts& counts_;
    Server& server_;
    std::vector<std::weak_ptr<Exchange>> open_;
};

}  // namespace groomer::simulation
