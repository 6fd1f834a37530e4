// Runs one coroutine on an io_context until it ends, and returns its value or throws its error; and the second signal.
#pragma once

#include "base/async.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <unistd.h>

#include <csignal>
#include <optional>

namespace groomer::app {

template <class T>
T run_to_end(asio::io_context& context, Task<T> task) {
    std::optional<T> value;
    std::exception_ptr failure;
    asio::co_spawn(context, std::move(task), [&](std::exception_ptr error, T result) {
        failure = error;
        value.emplace(std::move(result));
        context.stop();
    });
    context.run();
    context.restart();
    if (failure) std::rethrow_exception(failure);
    return std::move(*value);
}

// The first signal has begun an orderly stop; from now on one ends the process, with 128 + its number, whatever the main
// thread does. (Not by SIG_DFL: a container's first process would ignore it.)
inline void exit_at_next_signal(asio::signal_set& signals) {
    signals.clear();
    for (int const signal : {SIGTERM, SIGINT}) std::signal(signal, [](int number) { ::_exit(128 + number); });
}

}  // namespace groomer::app
