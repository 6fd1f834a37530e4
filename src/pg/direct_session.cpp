#include "pg/direct_session.hpp"

#include "base/text.hpp"
#include "pg/wire.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <libpq-fe.h>
#include <unistd.h>

#include <functional>

namespace groomer::pg {
namespace {

// What came of a statement: rows, an error of the server, or a broken connection.
struct Reply {
    Rows rows;
    std::string error, sqlstate;
    bool broken = false;
};

Rows to_rows(PGresult const* result) {
    Rows rows;
    int const count = PQntuples(result), columns = PQnfields(result);
    rows.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
        std::vector<std::optional<std::string>> fields;
        fields.reserve(static_cast<std::size_t>(columns));
        for (int k = 0; k < columns; ++k) {
            if (PQgetisnull(result, i, k)) fields.emplace_back();
            else fields.emplace_back(std::in_place, PQgetvalue(result, i, k), static_cast<std::size_t>(PQgetlength(result, i, k)));
        }
        rows.emplace_back(std::move(fields));
    }
    return rows;
}

// One message and the way back. It lives until its last handler has run, and calls `done` once, from the executor.
class Exchange : public std::enable_shared_from_this<Exchange> {
public:
    Exchange(PGconn* connection, asio::any_io_executor executor, std::function<void(Reply)> done)
        : connection_{connection}, socket_{executor, ::dup(PQsocket(connection))}, timer_{executor}, done_{std::move(done)} {}

    void start(std::string const& message, std::chrono::milliseconds limit) {
        timer_.expires_after(limit);
        timer_.async_wait([self = shared_from_this()](boost::system::error_code error) {
            if (!error) self->fail("the server does not answer");
        });
        if (PQsendQuery(connection_, message.c_str()) == 1) return go_on();
        asio::post(timer_.get_executor(), [self = shared_from_this()] { self->fail(PQerrorMessage(self->connection_)); });
    }

private:
    using Socket = asio::posix::stream_descriptor;

    // Waits until the socket can take the rest of the message, or has some of the answer.
    void go_on() {
        bool const unsent = PQflush(connection_) != 0;  // an error shows when the answer is read
        socket_.async_wait(unsent ? Socket::wait_write : Socket::wait_read, [self = shared_from_this()](boost::system::error_code error) {
            if (self->done_ && !error) self->read();
        });
    }

    void read() {
        if (PQconsumeInput(connection_) == 0) return fail(PQerrorMessage(connection_));
        while (PQisBusy(connection_) == 0) {
            std::unique_ptr<PGresult, void (*)(PGresult*)> const result{PQgetResult(connection_), PQclear};
            if (!result) return finish();
            take(result.get());
        }
        go_on();
    }

    // Of several results, as settings give one too, the last counts; an error is the last.
    void take(PGresult const* result) {
        auto const status = PQresultStatus(result);
        if (status == PGRES_TUPLES_OK) reply_.rows = to_rows(result);
        else if (status == PGRES_COMMAND_OK) reply_.rows.clear();
        else {
            auto const* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
            reply_.error = PQresultErrorMessage(result);
            reply_.sqlstate = state ? state : "";
        }
    }

    void fail(char const* what) {
        reply_.error = what;
        reply_.broken = true;
        finish();
    }

    void finish() {
        auto done = std::exchange(done_, {});
        if (!done) return;
        timer_.cancel();
        socket_.close();
        reply_.broken = reply_.broken || PQstatus(connection_) != CONNECTION_OK;
        done(std::move(reply_));
    }

    PGconn* connection_;
    Socket socket_;  // a duplicate, which is closed here
    asio::steady_timer timer_;
    std::function<void(Reply)> done_;
    Reply reply_;
};

}  // namespace

DirectSession::DirectSession(ConnectOptions const& options) : connection_{PQconnectdb(connection_string(options).c_str())} {
    // A notice on stderr would break the log's form.
    PQsetNoticeProcessor(
        connection_, [](void*, char const*) {}, nullptr);
    if (PQstatus(connection_) == CONNECTION_OK && PQsetnonblocking(connection_, 1) == 0) return;
    auto const error = DatabaseError{"the database cannot be reached: " + one_line(PQerrorMessage(connection_), 500), "", true};
    PQfinish(connection_);
    throw error;
}

DirectSession::~DirectSession() { PQfinish(connection_); }

std::string DirectSession::message(Statement const& statement, Values const& parameters) const {
    std::vector<std::string> quoted;
    quoted.reserve(parameters.size());
    for (Value const& value : parameters) {
        if (!value.text()) {
            quoted.emplace_back("NULL");
            continue;
        }
        std::unique_ptr<char, void (*)(void*)> const literal{PQescapeLiteral(connection_, value.text()->data(), value.text()->size()),
                                                             PQfreemem};
        if (!literal) throw statement_error(statement.name, PQerrorMessage(connection_), "22021");
        quoted.emplace_back(literal.get());
    }
    auto text = bind_parameters(statement.sql, quoted);
    return statement.time_limit == bounds_itself ? text : settings(statement.time_limit) + text;
}

Task<Rows> DirectSession::run(Statement statement, Values parameters, std::chrono::milliseconds limit) {
    auto const text = message(statement, parameters);
    auto initiate = [connection = connection_, limit](auto handler, std::string const& sent) {
        asio::any_io_executor const executor = asio::get_associated_executor(handler);
        auto const kept = std::make_shared<decltype(handler)>(std::move(handler));
        auto done = [kept](Reply reply) { std::move (*kept)(std::move(reply)); };
        std::make_shared<Exchange>(connection, executor, std::move(done))->start(sent, limit);
    };
    auto reply = co_await asio::async_initiate<decltype(asio::use_awaitable), void(Reply)>(initiate, asio::use_awaitable, text);
    if (reply.broken) throw broken_connection(reply.error);
    if (!reply.error.empty()) throw statement_error(statement.name, reply.error, reply.sqlstate);
    co_return std::move(reply.rows);
}

}  // namespace groomer::pg
