// One replica of the controller: serves HTTP first, brings the schema up, then runs the loops; stops in reverse.
#pragma once

#include "app/deeds.hpp"
#include "app/service.hpp"
#include "config/reload.hpp"
#include "net/http_server.hpp"

#include <boost/asio/signal_set.hpp>

namespace groomer::app {

class Replica {
public:
    Replica(config::Source source, config::Loaded const& loaded, Log& log, Outside outside = {});

    // Until SIGTERM or SIGINT; a second one ends the process at once. Throws what cannot be waited out: an address that
    // cannot be bound, a schema that is newer than the binary.
    void run();

private:
    Task<> live();
    Task<> bring_up();
    Task<> listen();
    Task<> listen_once();
    void wake(std::string const& lock);
    void at_work(std::string name, std::function<Task<>()> work);
    Task<> reload();
    void take_over(config::Reloaded const& reloaded);
    Task<> measure_lag();
    void on_signal();
    void start_http();

    Log& log_;
    asio::io_context context_{1};
    std::string const lock_id_;
    config::Reloader reloader_;     // on the thread below, once that runs
    asio::thread_pool reading_{1};  // for the reloader and the notifications' connection
    pg::Watchdog watchdog_;         // over that connection being made
    Service service_;
    Deeds deeds_;
    std::unique_ptr<net::HttpServer> http_, metrics_http_;
    asio::signal_set signals_;
    TaskGroup background_;
    Wakeup stop_;
    bool stopping_ = false;
    bool started_ = false;
    int working_ = 0;  // loops that run, the inbox, and ticks that were asked for
    std::exception_ptr fatal_;
};

}  // namespace groomer::app
