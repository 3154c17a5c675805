import unittest

from dispatch import dispatch


def call(capability, description="", parameters=None, skeleton=None):
    job = {"capability": capability, "description": description, "parameters": parameters or {}}
    return {"job": job, "skeleton": skeleton}


class Dispatch(unittest.TestCase):
    def test_records_are_read_out_of_csv(self):
        parameters = {
            "format": "csv",
            "text": 'No.,Customer,Paid\n1041,"Okafor, Ada",yes',
            "fields": [
                {"name": "number", "label": "No.", "type": "number"},
                {"name": "customer", "label": "Customer", "type": "string"},
                {"name": "paid", "label": "Paid", "type": "boolean"},
            ],
        }
        expected = {"records": [{"number": 1041, "customer": "Okafor, Ada", "paid": True}]}
        self.assertEqual(dispatch(call("data-extraction", parameters=parameters)), expected)

    def test_the_default_answers_by_shape(self):
        self.assertEqual(dispatch(call("data", skeleton=["x"])), ["x"])
        self.assertEqual(dispatch(call("data", "plus processed", {"a": 1})), {"a": 1, "processed": True})


if __name__ == "__main__":
    unittest.main()
