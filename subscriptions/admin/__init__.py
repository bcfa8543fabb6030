"""The desk for subscribers and issues. What changes a state goes through the model's verbs."""

from subscriptions.admin.deliverability import SelfCheckAdmin
from subscriptions.admin.issues import DeliveryAdmin, IssueAdmin
from subscriptions.admin.subscribers import SubscriberAdmin, SuppressionAdmin

__all__ = ["DeliveryAdmin", "IssueAdmin", "SelfCheckAdmin", "SubscriberAdmin", "SuppressionAdmin"]
