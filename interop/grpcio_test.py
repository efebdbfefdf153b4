"""Python's grpcio, which is not ours, against our server, by the proto alone.

Debian has no plugin that writes Python's stubs, so this makes them of what every
such stub stands on: a path, and how to write the request and read the response.
"""

import os
import queue
import re
import subprocess
import sys
import tempfile
import threading
import unittest

import grpc

# Where Bazel puts what protoc made of the proto.
sys.path.insert(0, "interop")
from google.rpc import error_details_pb2, status_pb2
from movies.v1 import movies_pb2

SERVER = "solutions/09_reflection/server"
PATIENCE = 30  # Seconds for what has to come, on a loaded machine too.


class Server:
    """A server program of ours on a free port, and what it says."""

    def __init__(self, *args):
        self._process = subprocess.Popen(
            [SERVER, "--address=127.0.0.1:0", *args],
            stdout=subprocess.PIPE, text=True)
        self._lines = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        try:
            port = re.search(r"port (\d+)", self.wait_for("port ")).group(1)
        except Exception:
            self.stop()
            raise
        self.address = f"127.0.0.1:{port}"

    def _read(self):
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def wait_for(self, text):
        """Returns the next line that has the text, skipping those before it."""
        while True:
            line = self._lines.get(timeout=PATIENCE)
            if line is None:
                raise AssertionError(f"the server ended before it said {text!r}")
            if text in line:
                return line

    def stop(self):
        self._process.terminate()
        try:
            self._process.wait(timeout=PATIENCE)
        finally:
            self._process.kill()
            self._reader.join()
            self._process.stdout.close()


class Stub:
    """What a generated stub of movies.v1.MoviesService would be."""

    def __init__(self, channel):
        def method(kind, name, request, response):
            return kind(
                f"/movies.v1.MoviesService/{name}",
                request_serializer=request.SerializeToString,
                response_deserializer=response.FromString)

        self.get_movie = method(channel.unary_unary, "GetMovie",
                                movies_pb2.MovieID, movies_pb2.Movie)
        self.query_movie = method(channel.unary_stream, "QueryMovie",
                                  movies_pb2.MovieQueryParams, movies_pb2.Movie)
        self.add_movies = method(channel.stream_unary, "AddMovies",
                                 movies_pb2.Movie, movies_pb2.AddMoviesSummary)
        self.rate_movies = method(channel.stream_stream, "RateMovies",
                                  movies_pb2.MovieRating, movies_pb2.MovieScore)


class Ratings:
    """Requests for a stream, which wait for their turn."""

    def __init__(self):
        self._queue = queue.Queue()

    def rate(self, **rating):
        self._queue.put(movies_pb2.MovieRating(**rating))

    def end(self):
        self._queue.put(None)

    def __iter__(self):
        return iter(self._queue.get, None)


def details(error):
    """The details of a failed call: {type: Any}."""
    metadata = dict(error.trailing_metadata())
    status = status_pb2.Status.FromString(metadata["grpc-status-details-bin"])
    assert status.code == error.code().value[0], status
    assert status.message == error.details(), status
    return {any.TypeName(): any for any in status.details}


def unpacked(any, message):
    assert any.Unpack(message), any
    return message


class GrpcioTest(unittest.TestCase):

    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.stop)
        channel = grpc.insecure_channel(
            self.server.address, options=[("grpc.enable_http_proxy", 0)])
        self.addCleanup(channel.close)
        self.stub = Stub(channel)

    def test_unary(self):
        movie = self.stub.get_movie(movies_pb2.MovieID(mid=1), timeout=PATIENCE)
        self.assertEqual(movie.movie_name, "Metropolis (1927)")

    def test_server_streaming(self):
        movies = list(self.stub.query_movie(
            movies_pb2.MovieQueryParams(query="robot"), timeout=PATIENCE))
        self.assertGreater(len(movies), 2)
        for movie in movies:
            self.assertIn("robot", movie.movie_description.lower())

    def test_client_streaming(self):
        summary = self.stub.add_movies(
            (movies_pb2.Movie(mid=mid, movie_name="A") for mid in (901, 902, 901)),
            timeout=PATIENCE)
        self.assertEqual((summary.added, summary.replaced), (2, 1))

    def test_both_at_once_an_answer_before_the_next_question(self):
        ratings = Ratings()
        scores = self.stub.rate_movies(iter(ratings), timeout=PATIENCE)
        for stars, average in ((5, 5), (4, 4.5), (3, 4)):
            ratings.rate(mid=3, stars=stars)
            self.assertEqual(next(scores).average, average)
        ratings.end()
        self.assertEqual(list(scores), [])

    def test_error_has_details(self):
        with self.assertRaises(grpc.RpcError) as raised:
            self.stub.get_movie(movies_pb2.MovieID(mid=999), timeout=PATIENCE)
        error = raised.exception
        self.assertEqual(error.code(), grpc.StatusCode.NOT_FOUND)
        self.assertIn("999", error.details())
        found = details(error)
        movie_error = unpacked(found["movies.v1.MovieError"], movies_pb2.MovieError())
        self.assertEqual(movie_error.reason, movies_pb2.MOVIE_NOT_FOUND)
        info = unpacked(found["google.rpc.ErrorInfo"], error_details_pb2.ErrorInfo())
        self.assertEqual((info.reason, info.domain),
                         ("MOVIE_NOT_FOUND", "movies.example.com"))

    def test_error_ends_a_stream_after_the_messages_before_it(self):
        ratings = Ratings()
        self.addCleanup(ratings.end)
        scores = self.stub.rate_movies(iter(ratings), timeout=PATIENCE)
        ratings.rate(mid=4, stars=5)
        ratings.rate(mid=4, stars=6)
        self.assertEqual(next(scores).ratings, 1)
        with self.assertRaises(grpc.RpcError):
            next(scores)
        self.assertEqual(scores.code(), grpc.StatusCode.INVALID_ARGUMENT)
        request = unpacked(details(scores)["google.rpc.BadRequest"],
                           error_details_pb2.BadRequest())
        self.assertEqual(request.field_violations[0].field, "stars")

    def test_server_is_told_the_deadline(self):
        _, call = self.stub.get_movie.with_call(
            movies_pb2.MovieID(mid=1), timeout=60)
        left = int(dict(call.trailing_metadata())["x-time-left-ms"])
        self.assertGreater(left, 20_000)
        self.assertLessEqual(left, 61_000)

    def test_deadline_passes_on_both_sides(self):
        # So that the connection is there, and the next call is not spent on it.
        self.stub.get_movie(movies_pb2.MovieID(mid=1), timeout=PATIENCE)
        ratings = Ratings()  # And never rates.
        self.addCleanup(ratings.end)
        scores = self.stub.rate_movies(iter(ratings), timeout=1)
        with self.assertRaises(grpc.RpcError):
            next(scores)
        self.assertEqual(scores.code(), grpc.StatusCode.DEADLINE_EXCEEDED)
        self.server.wait_for("RateMovies ends: CANCELLED")

    def test_metadata_goes_there_and_back_as_text_and_as_bytes(self):
        sent = (("x-request-id", "r-1"), ("x-request-id", "r-2"),
                ("x-request-id-bin", b"\x00\xff\n"))
        _, call = self.stub.get_movie.with_call(
            movies_pb2.MovieID(mid=1), timeout=PATIENCE, metadata=sent)
        echoed = [tuple(entry) for entry in call.initial_metadata()]
        self.assertEqual(sorted(echoed, key=str), sorted(sent, key=str))

    def test_cancelled_call_ends_on_the_server(self):
        ratings = Ratings()
        self.addCleanup(ratings.end)
        scores = self.stub.rate_movies(iter(ratings), timeout=60)
        self.server.wait_for("RateMovies begins")
        scores.cancel()
        self.assertEqual(scores.code(), grpc.StatusCode.CANCELLED)
        self.server.wait_for("RateMovies ends: CANCELLED")


class GrpcioTlsTest(unittest.TestCase):

    def test_comes_over_tls_and_only_to_a_server_that_it_can_trust(self):
        folder = tempfile.mkdtemp(dir=os.environ.get("TEST_TMPDIR"))
        cert, key = f"{folder}/cert.pem", f"{folder}/key.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
             "/CN=localhost", "-addext",
             "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key,
             "-out", cert], check=True, stderr=subprocess.PIPE)
        server = Server(f"--cert_file={cert}", f"--key_file={key}")
        self.addCleanup(server.stop)
        with open(cert, "rb") as file:
            trusted = file.read()
        options = [("grpc.enable_http_proxy", 0)]
        request = movies_pb2.MovieID(mid=1)
        with grpc.secure_channel(
                server.address, grpc.ssl_channel_credentials(trusted),
                options=options) as channel:
            self.assertEqual(
                Stub(channel).get_movie(request, timeout=PATIENCE).mid, 1)
        with grpc.secure_channel(
                server.address, grpc.ssl_channel_credentials(),
                options=options) as channel:
            with self.assertRaises(grpc.RpcError) as raised:
                Stub(channel).get_movie(request, timeout=PATIENCE)
            self.assertEqual(raised.exception.code(),
                             grpc.StatusCode.UNAVAILABLE)


if __name__ == "__main__":
    unittest.main(verbosity=2)
