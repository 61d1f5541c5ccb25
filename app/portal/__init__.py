"""The customers' side: new request, my requests, and each request told in the customer's words."""
