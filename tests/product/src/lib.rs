//! The product, installed on a control plane: database roles, CRDs, RBAC, operator and servers as processes.
