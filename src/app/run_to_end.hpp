// Runs one coroutine on an io_context until it ends, and returns its value or throws its error.
#pragma once

#include "base/async.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

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

}  // namespace groomer::app
