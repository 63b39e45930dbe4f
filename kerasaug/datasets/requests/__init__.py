"""Requests to an assistant, written for this project: intents and named entities from one grammar."""

from kerasaug.datasets.requests.corpus import INTENTS, PARTS, Request, requests_corpus, unlabelled_requests
from kerasaug.datasets.requests.writing import joined

__all__ = ["INTENTS", "PARTS", "Request", "joined", "requests_corpus", "unlabelled_requests"]
