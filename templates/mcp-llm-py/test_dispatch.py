import unittest

from dispatch import AgentError, dispatch, parse_result


class Dispatch(unittest.TestCase):
    def test_the_answer_of_a_model_is_read_with_and_without_a_fence(self):
        self.assertEqual(parse_result('{"a": 1}', {}), {"a": 1})
        self.assertEqual(parse_result('```json\n{"a": 1}\n```', {}), {"a": 1})
        self.assertEqual(parse_result("Sure!", None), "Sure!")
        with self.assertRaises(AgentError):
            parse_result("Sure!", {"type": "object"})

    def test_the_environment_names_the_model(self):
        job = {"id": "1", "description": "", "parameters": {}, "expected_schema": None}
        with self.assertRaises(AgentError):
            dispatch({"job": job}, {})


if __name__ == "__main__":
    unittest.main()
