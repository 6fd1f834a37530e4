// Runs coroutines to their end from a test, on the calling thread.
#pragma once

#include "base/async.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <exception>
#include <optional>
#include <utility>
#include <vector>

namespace groomer::test {

// One a thread, and not one a task: a pool thread that has just handed over a result may still be about to signal it.
inline asio::io_context& task_context() {
    thread_local asio::io_context io{1};
    io.restart();
    return io;
}

// All of them concurrently; their values in the same order, or the first exception.
template <class T>
std::vector<T> run_tasks(std::vector<Task<T>> tasks) {
    auto& io = task_context();
    std::vector<std::optional<T>> values(tasks.size());
    std::exception_ptr failure;
    for (std::size_t i = 0; i < tasks.size(); ++i) {
        asio::co_spawn(io, std::move(tasks[i]), [&, i](std::exception_ptr error, T value) {
            if (error && !failure) failure = error;
            values[i] = std::move(value);
        });
    }
    io.run();
    if (failure) std::rethrow_exception(failure);
    std::vector<T> out;
    for (auto& value : values) out.push_back(std::move(*value));
    return out;
}

template <class T>
T run_task(Task<T> task) {
    std::vector<Task<T>> tasks;
    tasks.push_back(std::move(task));
    return std::move(run_tasks(std::move(tasks)).front());
}

inline void run_task(Task<> task) {
    auto& io = task_context();
    std::exception_ptr failure;
    asio::co_spawn(io, std::move(task), [&](std::exception_ptr error) { failure = error; });
    io.run();
    if (failure) std::rethrow_exception(failure);
}

}  // namespace groomer::test
