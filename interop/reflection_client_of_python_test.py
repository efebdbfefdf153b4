"""Our client of lesson 09 against a server that is not ours: Python's grpcio.

Debian has no reflection for it, so this one is written here, over the descriptors
that protoc made. It is the other extreme to Node's: it knows v1alpha only, sends one
file at a time, and imports are for the client to ask for.
"""

import subprocess
import sys
import unittest
from concurrent import futures

import grpc
from google.protobuf import descriptor_pool

# Where Bazel puts what protoc made of the protos.
sys.path.insert(0, "interop")
from support.reflection import reflection_pb2
from weather.v1 import station_pb2, weather_pb2

CLIENT = "solutions/09_reflection/client"
SERVICE = "weather.v1.Weather"


class Reflection:
    """Answers grpc.reflection.v1alpha from Python's own pool of descriptors."""

    def __init__(self, missing=(), service=SERVICE):
        self._missing = missing
        self._service = service
        self.asked = []

    def answer(self, question):
        kind = question.WhichOneof("message_request")
        name = getattr(question, kind)
        self.asked.append(name)
        answer = reflection_pb2.ServerReflectionResponse(
            original_request=question)
        pool = descriptor_pool.Default()
        try:
            if kind == "list_services":
                answer.list_services_response.service.add(
                    name=self._service)
                return answer
            if name in self._missing:
                raise KeyError(name)
            file = (pool.FindFileByName(name) if kind == "file_by_filename"
                    else pool.FindFileContainingSymbol(name))
            answer.file_descriptor_response.file_descriptor_proto.append(
                file.serialized_pb)
        except KeyError as error:
            answer.error_response.error_code = 5
            answer.error_response.error_message = str(error)
        return answer

    def handler(self):
        return grpc.method_handlers_generic_handler(
            "grpc.reflection.v1alpha.ServerReflection", {
                "ServerReflectionInfo": grpc.stream_stream_rpc_method_handler(
                    lambda questions, _: map(self.answer, questions),
                    reflection_pb2.ServerReflectionRequest.FromString,
                    reflection_pb2.ServerReflectionResponse.SerializeToString),
            })


def latest(query, context):
    if query.station == "Atlantis":
        context.abort(grpc.StatusCode.NOT_FOUND, "no station Atlantis")
    if query.station == "Hell":
        context.abort(grpc.StatusCode.NOT_FOUND, "gone\x1b[2Jto \u009bhell")
    request_id = dict(context.invocation_metadata()).get("x-request-id", "")
    return station_pb2.Reading(
        station=f"{query.station} {request_id}", celsius=1.5)


def record(readings, _):
    summary = weather_pb2.Summary()
    for reading in readings:
        summary.readings[reading.station] += 1
    return summary


QUERY = weather_pb2.ReadingQuery.FromString
READING = station_pb2.Reading.SerializeToString
WEATHER = grpc.method_handlers_generic_handler(SERVICE, {
    "Latest": grpc.unary_unary_rpc_method_handler(latest, QUERY, READING),
    "History": grpc.unary_stream_rpc_method_handler(
        lambda query, _: (station_pb2.Reading(celsius=c) for c in (1, 2, 3)),
        QUERY, READING),
    "Record": grpc.stream_unary_rpc_method_handler(
        record, station_pb2.Reading.FromString,
        weather_pb2.Summary.SerializeToString),
    "Watch": grpc.stream_stream_rpc_method_handler(
        lambda queries, _: (station_pb2.Reading(station=query.station)
                            for query in queries), QUERY, READING),
})


class ReflectionClientTest(unittest.TestCase):

    def serve(self, reflection):
        server = grpc.server(futures.ThreadPoolExecutor(max_workers=8))
        server.add_generic_rpc_handlers((WEATHER, reflection.handler()))
        self.target = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
        server.start()
        self.addCleanup(lambda: server.stop(0).wait())

    def setUp(self):
        self.reflection = Reflection()
        self.serve(self.reflection)

    def client(self, *args):
        return subprocess.run(
            [CLIENT, f"--target={self.target}", "--deadline=30s", *args],
            capture_output=True, text=True, timeout=60)

    def prints(self, *args):
        result = self.client(*args)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout

    def test_lists(self):
        self.assertEqual(self.prints("list"), f"{SERVICE}\n")

    def test_imports_are_asked_for_once_each(self):
        self.assertIn("message Reading {",
                      self.prints("describe", "weather.v1.Reading"))
        self.reflection.asked.clear()
        self.assertIn("rpc History(.weather.v1.ReadingQuery)",
                      self.prints("describe", SERVICE))
        self.assertCountEqual(self.reflection.asked, [
            SERVICE, "weather/v1/station.proto",
            "google/protobuf/timestamp.proto"])

    def test_missing_import(self):
        self.serve(Reflection(missing=["google/protobuf/timestamp.proto"]))
        result = self.client("describe", SERVICE)
        self.assertEqual(result.returncode, 1)
        self.assertRegex(
            result.stderr,
            "NOT_FOUND: weather/v1/.*proto imports google/protobuf/timestamp")

    def test_unary(self):
        self.assertEqual(
            self.prints("call", f"{SERVICE}/Latest", '{"station": "Oslo"}',
                        "--header=x-request-id: 42"),
            '{"station":"Oslo 42","celsius":1.5}\n')

    def test_error(self):
        result = self.client("call", f"{SERVICE}/Latest",
                             '{"station": "Atlantis"}')
        self.assertEqual(result.returncode, 1)
        self.assertEqual(result.stderr, "NOT_FOUND: no station Atlantis\n")

    def test_wrong_name(self):
        result = self.client("describe", "weather.v1.Wether")
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stderr, "NOT_FOUND: weather.v1.Wether: ")
        self.assertIn("`client list` shows the services", result.stderr)

    def test_no_name(self):
        result = self.client("describe", "")
        self.assertEqual(result.returncode, 2)
        self.assertEqual(result.stderr, "a name is empty; see --help\n")

    def test_control_characters_do_not_reach_the_terminal(self):
        self.serve(Reflection(service="a\x1b[31m.B"))
        self.assertEqual(self.prints("list"), "a\\x1b[31m.B\n")
        result = self.client("call", f"{SERVICE}/Latest",
                             '{"station": "Hell"}')
        self.assertEqual(result.stderr,
                         "NOT_FOUND: gone\\x1b[2Jto \\xc2\\x9bhell\n")
        self.assertEqual(
            self.prints("call", f"{SERVICE}/Latest",
                        '{"station": "\\u001b[31m"}'),
            '{"station":"\\u001b[31m ","celsius":1.5}\n')

    def test_server_streaming(self):
        self.assertEqual(self.prints("call", f"{SERVICE}/History", "{}"),
                         '{"celsius":1}\n{"celsius":2}\n{"celsius":3}\n')

    def test_client_streaming(self):
        self.assertEqual(
            self.prints("call", f"{SERVICE}/Record", '{"station": "Oslo"}',
                        '{"station": "Oslo"}'),
            '{"readings":{"Oslo":2}}\n')

    def test_streaming_both_ways(self):
        self.assertEqual(
            self.prints("call", f"{SERVICE}/Watch", '{"station": "Oslo"}',
                        '{"station": "Rome"}'),
            '{"station":"Oslo"}\n{"station":"Rome"}\n')


if __name__ == "__main__":
    unittest.main()
