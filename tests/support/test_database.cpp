#include "support/test_database.hpp"

#include "base/digest.hpp"
#include "store/store.hpp"

#include <libpq-fe.h>

#include <cstdlib>
#include <stdexcept>

namespace groomer::test {
namespace {

// postgresql://user@/NAME?host=DIR from postgresql://user@/postgres?host=DIR
std::string with_database(std::string url, std::string const& name) {
    auto const question = url.find('?');
    auto const slash = url.rfind('/', question);
    return url.substr(0, slash + 1) + name + (question == std::string::npos ? "" : url.substr(question));
}

// CREATE and DROP DATABASE must stand alone in their message, which groomer's own statements never do.
void on_server(std::string const& sql) {
    std::unique_ptr<PGconn, void (*)(PGconn*)> connection{PQconnectdb(server_url().c_str()), PQfinish};
    std::unique_ptr<PGresult, void (*)(PGresult*)> result{PQexec(connection.get(), sql.c_str()), PQclear};
    if (PQresultStatus(result.get()) != PGRES_COMMAND_OK) throw std::runtime_error{PQerrorMessage(connection.get())};
}

}  // namespace

std::string server_url() {
    char const* url = std::getenv("GROOMER_TEST_DATABASE_URL");
    return url ? url : "";
}

TestDatabase::TestDatabase(Schema schema, std::string const& created_with)
    : name_{"test_" + sha256_hex(make_uuid()).substr(0, 16)}, url_{with_database(server_url(), name_)} {
    on_server("CREATE DATABASE " + name_ + " " + created_with);
    session_ = std::make_unique<pg::Session>(options("groomer/test-own"));
    if (schema == Schema::migrated) pg::try_migrate(*session_, store::migrations());
}

TestDatabase::~TestDatabase() {
    session_.reset();
    try {
        on_server("DROP DATABASE " + name_ + " WITH (FORCE)");
    } catch (std::exception const&) {  // the server goes soon anyway
    }
}

pg::Rows TestDatabase::query(std::string const& sql) { return session_->run({"test", sql, std::chrono::seconds{30}}, {}); }

}  // namespace groomer::test
